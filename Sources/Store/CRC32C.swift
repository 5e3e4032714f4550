/// CRC-32C, the checksum of iSCSI and of file systems: RFC 3720, appendix B.4; polynomial 0x1EDC6F41, reflected.
struct CRC32C {
  private var state: UInt32 = .max

  var value: UInt32 { ~state }

  static func of(_ bytes: [UInt8]) -> UInt32 {
    var checksum = CRC32C()
    checksum.add(bytes[...])
    return checksum.value
  }

  /// Eight bytes at a step, by eight tables.
  mutating func add(_ bytes: ArraySlice<UInt8>) {
    let tables = Self.tables.span
    let bytes = bytes.span
    var state = state
    var index = 0
    while index + 8 <= bytes.count {
      var next: UInt32 = 0
      for lane in 0..<4 {
        let low = UInt8(truncatingIfNeeded: state >> UInt32(8 * lane)) ^ bytes[index + lane]
        next ^= tables[(7 - lane) << 8 | Int(low)] ^ tables[(3 - lane) << 8 | Int(bytes[index + 4 + lane])]
      }
      state = next
      index += 8
    }
    while index < bytes.count {
      state = tables[Int(UInt8(truncatingIfNeeded: state) ^ bytes[index])] ^ state >> 8
      index += 1
    }
    self.state = state
  }

  /// tables[256·k + b]: what byte b does to the checksum when k more bytes follow it.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 << 8)
    for byte in 0..<256 {
      tables[byte] = (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1) &* 0x82F6_3B78 }
    }
    for index in 256..<tables.count {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()
}
