/// One packet of a transport stream (ISO/IEC 13818-1, 2.4.3.2), where it stands among other bytes.
struct TransportPacket {
  static let size = 188
  static let sync: UInt8 = 0x47

  private let bytes: [UInt8]
  private let base: Int

  /// - Parameter base: where its 188 bytes begin in `bytes`.
  init(_ bytes: [UInt8], at base: Int) {
    self.bytes = bytes
    self.base = base
  }

  var pid: Int { Int(bytes[base + 1] & 0x1F) << 8 | Int(bytes[base + 2]) }
  /// It fills the stream up and says nothing.
  var isNull: Bool { pid == 0x1FFF }
  /// Somebody on the way found it damaged.
  var isDamaged: Bool { bytes[base + 1] & 0x80 != 0 }
  /// A unit (PES packet or table) begins in it.
  var isStart: Bool { bytes[base + 1] & 0x40 != 0 }
  var isScrambled: Bool { bytes[base + 3] & 0xC0 != 0 }
  var hasPayload: Bool { bytes[base + 3] & 0x10 != 0 }
  /// Counts the packets of its PID that have payload, modulo 16.
  var counter: UInt8 { bytes[base + 3] & 0x0F }
  /// The counter begins anew on purpose.
  var isDiscontinuity: Bool { hasAdaptation && bytes[base + 4] > 0 && bytes[base + 5] & 0x80 != 0 }

  var whole: ArraySlice<UInt8> { bytes[base..<base + Self.size] }

  /// Empty where the adaptation field takes all of it.
  var payload: ArraySlice<UInt8> {
    let begin = base + 4 + (hasAdaptation ? 1 + Int(bytes[base + 4]) : 0)
    return hasPayload && begin < base + Self.size ? bytes[begin..<base + Self.size] : []
  }

  private var hasAdaptation: Bool { bytes[base + 3] & 0x20 != 0 }
}

/// What is remembered of the last packet of a PID that has payload.
struct CountedPacket {
  let counter: UInt8
  /// A copy: a slice would keep its whole datagram.
  let payload: [UInt8]

  init(_ packet: TransportPacket) {
    counter = packet.counter
    payload = Array(packet.payload)
  }

  /// How many packets are missing before this one, modulo 16; nil: it is the same once more, as a stream may send it.
  func missing(before packet: TransportPacket) -> UInt8? {
    if packet.isDiscontinuity { return 0 }
    if packet.counter == counter, packet.payload.elementsEqual(payload) { return nil }
    return (packet.counter &- counter &- 1) & 0x0F
  }
}

/// The beginning of a PES packet (ISO/IEC 13818-1, 2.4.3.6).
struct UnitHeader {
  let isPicture: Bool
  /// Bytes of the whole unit; nil: until the next one begins.
  let length: Int?

  /// - Parameter payload: what the packet holds in which the unit begins; nil for what is no PES packet.
  init?(_ payload: ArraySlice<UInt8>) {
    guard payload.count > 8, payload.starts(with: [0, 0, 1]) else { return nil }
    let bytes = Array(payload)
    isPicture = bytes[3] & 0xF0 == 0xE0
    let length = Int(bytes[4]) << 8 | Int(bytes[5])
    self.length = length > 0 ? length + 6 : nil
  }
}
