extension [UInt8] {
  mutating func append(ascii character: Unicode.Scalar) { append(UInt8(ascii: character)) }

  mutating func appendNull() { append(contentsOf: "null".utf8) }

  mutating func appendJSON(_ value: Int64) { append(contentsOf: value.description.utf8) }

  mutating func appendJSON(_ values: [Int64]) {
    append(ascii: "[")
    for (index, value) in values.enumerated() {
      if index > 0 { append(ascii: ",") }
      appendJSON(value)
    }
    append(ascii: "]")
  }

  /// A quoted string. Escapes what JSON demands (quote, backslash, controls) and the line separators U+2028 and
  /// U+2029, at which careless readers break lines.
  mutating func appendJSON(_ text: String) {
    append(ascii: "\"")
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": append(contentsOf: "\\\"".utf8)
      case "\\": append(contentsOf: "\\\\".utf8)
      case "\n": append(contentsOf: "\\n".utf8)
      case "\r": append(contentsOf: "\\r".utf8)
      case "\t": append(contentsOf: "\\t".utf8)
      case "\u{00}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}": appendEscape(scalar.value)
      default: append(contentsOf: scalar.utf8)
      }
    }
    append(ascii: "\"")
  }

  /// `\u000b`, of a scalar below 0x10000.
  private mutating func appendEscape(_ scalar: UInt32) {
    append(contentsOf: "\\u".utf8)
    for shift in [12, 8, 4, 0] as [UInt32] { append(hexDigits[Int(scalar >> shift & 15)]) }
  }

  /// Little-endian float32 numbers in base64 with padding (RFC 4648 §4).
  mutating func appendBase64(_ numbers: [Float]) {
    var group: UInt32 = 0
    var held = 0
    for number in numbers {
      for shift in [0, 8, 16, 24] as [UInt32] {
        group = group << 8 | number.bitPattern >> shift & 0xFF
        held += 1
        if held == 3 {
          appendBase64(group, characters: 4)
          (group, held) = (0, 0)
        }
      }
    }
    if held > 0 {
      appendBase64(group << (held == 1 ? 16 : 8), characters: held + 1)
      append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - held))
    }
  }

  /// The first `characters` of the four that 24 bits make.
  private mutating func appendBase64(_ group: UInt32, characters: Int) {
    for index in 0..<characters { append(base64Digits[Int(group >> UInt32(18 - 6 * index) & 63)]) }
  }
}

private let hexDigits = Array("0123456789abcdef".utf8)
private let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
