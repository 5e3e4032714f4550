import Media

/// How the values of a key are spelt, and which are allowed.
struct Grammar<Value: Sendable>: Sendable {
  /// What is allowed, for people: `1ms to 200ms`.
  let bound: String
  let parse: @Sendable (String) throws(Refusal) -> Value
  let spell: @Sendable (Value) -> String
}

/// Why a value is refused.
struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }

  static func notAmong(_ text: String, _ words: [String]) -> Refusal {
    Refusal("\(Quoted.text(text)) is not one of \(words.joined(separator: ", "))\(Nearest.hint(text, among: words))")
  }

  static func unlike(_ text: String, _ what: String) -> Refusal { Refusal("\(Quoted.text(text)) is no \(what)") }
}

extension Grammar where Value == TimeSpan {
  static func span(_ range: ClosedRange<TimeSpan>) -> Self {
    .ranged(range, "length of time such as 500ms, 2s or 1h", { TimeSpan(spelt: $0) }, { $0.spelling })
  }
}

extension Grammar where Value == Int {
  static func size(_ range: ClosedRange<Int>) -> Self {
    .ranged(range, "size such as 65536, 64KiB or 1GB", ByteCount.parse, ByteCount.spelling)
  }

  static func count(_ range: ClosedRange<Int>) -> Self {
    .ranged(range, "whole number", { $0.utf8.allSatisfy(isDigit) ? Int($0) : nil }, { String($0) })
  }

  /// Permissions in octal, `0660`: the owner may read and write.
  static let mode = Grammar(
    bound: "0600 to 0777",
    parse: { text throws(Refusal) in
      guard text.utf8.count == 4, text.hasPrefix("0"), let mode = Int(text, radix: 8), mode & 0o600 == 0o600 else {
        throw .unlike(text, "mode in octal such as \"0660\", with which the owner reads and writes")
      }
      return mode
    }, spell: { "0" + String($0, radix: 8) })
}

extension Grammar where Value == Ratio {
  static let rate = Grammar(
    bound: "1/100000 to 1000",
    parse: { text throws(Refusal) in
      guard let rate = Ratio(spelt: text) else { throw .unlike(text, "rate such as 2, 0.5 or 30000/1001") }
      return rate
    }, spell: { $0.denominator == 1 ? "\($0.numerator)" : $0.description })
}

extension Grammar where Value == Bool {
  static let flag = Grammar(
    bound: "true or false",
    parse: { text throws(Refusal) in
      guard let value = Bool(text) else { throw Refusal("\(Quoted.text(text)) is neither true nor false") }
      return value
    }, spell: { "\($0)" })
}

extension Grammar where Value == String {
  /// Any text without control characters.
  static func text(longest: Int = 4096, bound: String = "text") -> Self {
    Grammar(
      bound: bound,
      parse: { text throws(Refusal) in
        guard !text.isEmpty else { throw Refusal("is empty") }
        guard text.utf8.count <= longest else { throw Refusal("is longer than \(longest) bytes") }
        guard !text.unicodeScalars.contains(where: isControl) else { throw Refusal("has a control character") }
        return text
      }, spell: { $0 })
  }

  static let path = text(bound: "a path")
  /// As long as the address of a Unix socket may be.
  static let socket = text(longest: 107, bound: "a path of at most 107 bytes")

  /// Letters, digits, and `._-`.
  static func name(_ what: String) -> Self {
    Grammar(
      bound: "letters, digits, . _ - (at most 64)",
      parse: { text throws(Refusal) in
        guard isName(text) else { throw .unlike(text, "\(what) (letters, digits, . _ -, at most 64)") }
        return text
      }, spell: { $0 })
  }

  /// One of these words.
  static func word(_ words: [String]) -> Self {
    Grammar(
      bound: words.joined(separator: ", "),
      parse: { text throws(Refusal) in
        guard words.contains(text) else { throw .notAmong(text, words) }
        return text
      }, spell: { $0 })
  }

  /// What `accepts` does.
  static func checked(_ bound: String, _ accepts: @escaping @Sendable (String) -> Bool) -> Self {
    Grammar(
      bound: bound,
      parse: { text throws(Refusal) in
        guard accepts(text) else { throw Refusal("\(Quoted.text(text)) is not \(bound)") }
        return text
      }, spell: { $0 })
  }
}

extension Grammar where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the cases.
  static var choice: Self {
    let words = Value.allCases.map(\.rawValue)
    return Grammar(
      bound: words.joined(separator: ", "),
      parse: { text throws(Refusal) in
        guard let value = Value(rawValue: text) else { throw .notAmong(text, words) }
        return value
      }, spell: { $0.rawValue })
  }
}

extension Grammar where Value: Comparable {
  fileprivate static func ranged(
    _ range: ClosedRange<Value>, _ what: String, _ parse: @escaping @Sendable (String) -> Value?,
    _ spell: @escaping @Sendable (Value) -> String
  ) -> Self {
    let (least, most) = (spell(range.lowerBound), spell(range.upperBound))
    return Grammar(
      bound: "\(least) to \(most)",
      parse: { text throws(Refusal) in
        guard let value = parse(text) else { throw .unlike(text, what) }
        guard range.contains(value) else { throw Refusal("\(Quoted.text(text)) is not between \(least) and \(most)") }
        return value
      }, spell: spell)
  }
}

/// Of a source or a credential: it may become the name of a file.
func isName(_ text: String) -> Bool {
  let letters = text.utf8.allSatisfy { byte in
    isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
  }
  return letters && (1...64).contains(text.utf8.count) && text != "." && text != ".."
}

func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) }
