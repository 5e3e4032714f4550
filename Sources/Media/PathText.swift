/// File names are bytes, and not always UTF-8. A byte that is not becomes a private-use character on the way in and
/// that byte again on the way out, so that a name survives as a String.
package enum PathText {
  private static let base: UInt32 = 0xF700

  /// The name that these bytes (without a closing zero) spell.
  package static func name(_ bytes: some Sequence<UInt8>) -> String {
    var name = ""
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let scalar): name.unicodeScalars.append(Unicode.UTF8.decode(scalar))
      case .error: return escaped(bytes)
      case .emptyInput: return name
      }
    }
  }

  /// The bytes of a name, closed by a zero, as system calls want them.
  package static func cString(_ name: String) -> [CChar] {
    var bytes: [UInt8] = []
    for scalar in name.unicodeScalars {
      if let byte = byte(scalar) { bytes.append(byte) } else { bytes.append(contentsOf: Unicode.UTF8.encode(scalar)!) }
    }
    return (bytes + [0]).map { CChar(bitPattern: $0) }
  }

  /// The name as it may be written: percent-encoded where it is not UTF-8.
  package static func written(_ name: String) -> String {
    guard name.unicodeScalars.contains(where: { byte($0) != nil }) else { return name }
    return name.unicodeScalars.map { scalar in
      byte(scalar).map { "%" + String($0, radix: 16, uppercase: true) } ?? String(scalar)
    }.joined()
  }

  /// Every byte above ASCII escaped: which of them belong together is unknown once one does not fit.
  private static func escaped(_ bytes: some Sequence<UInt8>) -> String {
    var name = ""
    for byte in bytes {
      name.unicodeScalars.append(byte < 0x80 ? Unicode.Scalar(byte) : Unicode.Scalar(base + UInt32(byte))!)
    }
    return name
  }

  private static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    (base + 0x80...base + 0xFF).contains(scalar.value) ? UInt8(scalar.value - base) : nil
  }
}
