/// Reads a JSON text that may be hostile into the entries of a `JSONDocument`.
struct JSONReader {
  struct Fault: Error {
    let offset: Int
    let why: String
  }

  private static let depthLimit = 64

  var bytes: [UInt8]
  var entries: [JSONDocument.Entry] = []
  /// Where reading goes on.
  var place = 0

  /// - Parameter bytes: fewer than 2³¹.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func readDocument() throws(Fault) {
    guard (try? UTF8Span(validating: bytes.span)) != nil else { throw fault("not UTF-8") }
    entries.reserveCapacity(bytes.count / 8)
    try readValue(depth: 0)
    skipSpace()
    guard place == bytes.count else { throw fault("text behind the end") }
  }

  private mutating func readValue(depth: Int) throws(Fault) {
    skipSpace()
    guard place < bytes.count else { throw fault("ends too early") }
    switch Unicode.Scalar(bytes[place]) {
    case "{": try readContainer(.object, closing: UInt8(ascii: "}"), depth: depth)
    case "[": try readContainer(.list, closing: UInt8(ascii: "]"), depth: depth)
    case "\"": try readText()
    case "t": try readWord("true", .yes)
    case "f": try readWord("false", .no)
    case "n": try readWord("null", .null)
    case "-", "0"..."9": try readNumber()
    default: throw fault("no value")
    }
  }

  private mutating func readContainer(_ kind: JSONDocument.Kind, closing: UInt8, depth: Int) throws(Fault) {
    guard depth < Self.depthLimit else { throw fault("nested deeper than \(Self.depthLimit)") }
    let index = entries.count
    entries.append(.init(kind: kind, start: Int32(index) + 1, end: 0))
    place += 1
    skipSpace()
    if !skip(closing) {
      repeat {
        if kind == .object {
          skipSpace()
          try readText()
          skipSpace()
          guard skip(UInt8(ascii: ":")) else { throw fault("no colon behind a key") }
        }
        try readValue(depth: depth + 1)
        skipSpace()
      } while skip(UInt8(ascii: ","))
      guard skip(closing) else { throw fault("no comma or bracket") }
    }
    entries[index].end = Int32(entries.count)
  }

  private mutating func readWord(_ word: StaticString, _ kind: JSONDocument.Kind) throws(Fault) {
    let letters = word.description.utf8
    guard bytes[place...].starts(with: letters) else { throw fault("no value") }
    entries.append(.init(kind: kind, start: 0, end: 0))
    place += letters.count
  }

  private mutating func readNumber() throws(Fault) {
    let start = place
    while place < bytes.count, isNumberByte(bytes[place]) { place += 1 }
    guard Double(String(decoding: bytes[start..<place], as: UTF8.self)) != nil else { throw fault("no number") }
    entries.append(.init(kind: .number, start: Int32(start), end: Int32(place)))
  }

  private mutating func skipSpace() {
    while place < bytes.count, isSpaceByte(bytes[place]) { place += 1 }
  }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private func isSpaceByte(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  private func isNumberByte(_ byte: UInt8) -> Bool {
    switch Unicode.Scalar(byte) {
    case "0"..."9", "+", "-", ".", "e", "E": true
    default: false
    }
  }

  func fault(_ why: String) -> Fault { Fault(offset: place, why: why) }
}
