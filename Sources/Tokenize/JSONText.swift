extension JSONReader {
  /// A text with its quotes. Decodes where it stands: what an escape means is never longer than the escape.
  mutating func readText() throws(Fault) {
    guard skip(UInt8(ascii: "\"")) else { throw fault("no quote") }
    let start = place
    var end = place
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        entries.append(.init(kind: .text, start: Int32(start), end: Int32(end)))
        return
      case UInt8(ascii: "\\"):
        for unit in UTF8.encode(try readEscape())! {
          bytes[end] = unit
          end += 1
        }
      case 0..<0x20: throw fault("a control character in a text")
      default:
        bytes[end] = byte
        end += 1
      }
    }
    throw fault("a text without end")
  }

  private mutating func readEscape() throws(Fault) -> Unicode.Scalar {
    guard place < bytes.count else { throw fault("a text without end") }
    let mark = Unicode.Scalar(bytes[place])
    place += 1
    switch mark {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "\"", "\\", "/": return mark
    case "u": return try readUnicodeEscape()
    default: throw fault("an unknown escape")
    }
  }

  /// The digits of `\u0041`, or of a surrogate pair and the `\u` between.
  private mutating func readUnicodeEscape() throws(Fault) -> Unicode.Scalar {
    let first = try readHexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard UTF16.isLeadSurrogate(UInt16(first)), skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else {
      throw fault("half a surrogate pair")
    }
    let second = try readHexDigits()
    guard UTF16.isTrailSurrogate(UInt16(second)) else { throw fault("half a surrogate pair") }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))!
  }

  private mutating func readHexDigits() throws(Fault) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard place < bytes.count, let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue else {
        throw fault("no four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      place += 1
    }
    return value
  }
}
