/// Walks over one line of JSON that may be hostile. Every function returns nil where the text is not what it reads,
/// and then says nothing of its place.
struct JSONScanner {
  enum Value: Hashable {
    case null
    case text(String)
    case integer(Int64)
    /// Another number, a list or an object, by its first byte.
    case other(UInt8)
  }

  private static let depthLimit = 16

  private let bytes: ArraySlice<UInt8>
  private var place: Int

  init(_ line: ArraySlice<UInt8>) {
    bytes = line
    place = line.startIndex
  }

  var isAtEnd: Bool { place == bytes.endIndex }

  /// `,"name":`, or with `{` for the first.
  mutating func key(after mark: Unicode.Scalar) -> String? {
    guard skip(mark), let name = text(), skip(":") else { return nil }
    return name
  }

  mutating func value() -> Value? {
    guard let first = current else { return nil }
    switch Unicode.Scalar(first) {
    case "\"": return text().map { .text($0) }
    case "n": return skip("n") && skip("u") && skip("l") && skip("l") ? .null : nil
    case "[", "{": return skipNested() ? .other(first) : nil
    case "-", "0"..."9": return number().map { Int64($0).map { .integer($0) } ?? .other(first) }
    default: return nil
    }
  }

  /// Steps over `mark` where it is next.
  mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: mark) else { return false }
    place += 1
    return true
  }

  private var current: UInt8? { place < bytes.endIndex ? bytes[place] : nil }

  private mutating func number() -> Substring? {
    let start = place
    while let byte = current, "+-.0123456789eE".utf8.contains(byte) { place += 1 }
    return String(validating: bytes[start..<place], as: UTF8.self).map { $0[...] }
  }

  /// A list or object with all in it, whose brackets match in number.
  private mutating func skipNested() -> Bool {
    var depth = 0
    while let byte = current {
      switch Unicode.Scalar(byte) {
      case "\"": guard text() != nil else { return false }
      case "[", "{":
        depth += 1
        place += 1
        guard depth <= Self.depthLimit else { return false }
      case "]", "}":
        depth -= 1
        place += 1
        if depth == 0 { return true }
      default: place += 1
      }
    }
    return false
  }

  private mutating func text() -> String? {
    guard skip("\"") else { return nil }
    var units: [UInt16] = []
    var plain: [UInt8] = []
    var result = ""
    while let byte = current {
      place += 1
      if byte == UInt8(ascii: "\\") {
        result += String(decoding: plain, as: UTF8.self)
        plain = []
        guard let unit = escaped() else { return nil }
        units.append(unit)
        continue
      }
      result += String(decoding: units, as: UTF16.self)
      units = []
      if byte == UInt8(ascii: "\"") { return result + String(decoding: plain, as: UTF8.self) }
      plain.append(byte)
    }
    return nil
  }

  /// What stands behind a backslash, as UTF-16.
  private mutating func escaped() -> UInt16? {
    guard let byte = current else { return nil }
    place += 1
    switch Unicode.Scalar(byte) {
    case "n": return 10
    case "r": return 13
    case "t": return 9
    case "b": return 8
    case "f": return 12
    case "\"", "\\", "/": return UInt16(byte)
    case "u":
      guard bytes.endIndex - place >= 4 else { return nil }
      defer { place += 4 }
      return UInt16(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
    default: return nil
    }
  }
}
