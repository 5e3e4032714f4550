/// One datagram, and what it holds of a transport stream: alone, or behind a header of RTP (RFC 2250).
struct Datagram {
  let bytes: [UInt8]
  /// RTP's number of it.
  let sequence: UInt16?
  /// RTP's number of its sender.
  let sender: UInt32
  /// Where the packets of a transport stream stand in it; nil: it holds something else.
  private let range: Range<Int>?

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if let range = Self.packets(bytes[...]) {
      (self.range, sequence, sender) = (range, nil, 0)
    } else if let range = Self.rtpPayload(bytes).flatMap({ Self.packets(bytes[$0]) }) {
      self.range = range
      sequence = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
      sender = bytes[8..<12].reduce(0) { $0 << 8 | UInt32($1) }
    } else {
      (range, sequence, sender) = (nil, nil, 0)
    }
  }

  var isTransport: Bool { range != nil }

  var packets: [TransportPacket] {
    guard let range else { return [] }
    return stride(from: range.lowerBound, to: range.upperBound, by: TransportPacket.size).map {
      TransportPacket(bytes, at: $0)
    }
  }

  /// RTP of some kind, no RTCP.
  var isRTP: Bool { Self.rtpPayload(bytes) != nil }

  /// RTCP that says that the sender leaves.
  var isGoodbye: Bool {
    guard Self.isRTCP(bytes) else { return false }
    var at = 0
    while at + 4 <= bytes.count {
      if bytes[at + 1] == 203 { return true }
      at += 4 + 4 * (Int(bytes[at + 2]) << 8 | Int(bytes[at + 3]))
    }
    return false
  }

  private static func isRTCP(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes[0] >> 6 == 2 && (192...223).contains(bytes[1])
  }

  private static func packets(_ bytes: ArraySlice<UInt8>) -> Range<Int>? {
    guard !bytes.isEmpty, bytes.count.isMultiple(of: TransportPacket.size) else { return nil }
    let starts = stride(from: bytes.startIndex, to: bytes.endIndex, by: TransportPacket.size)
    return starts.allSatisfy { bytes[$0] == TransportPacket.sync } ? bytes.indices : nil
  }

  /// RFC 3550, 5.1: what stands behind header, contributors and extension, and before the padding.
  private static func rtpPayload(_ bytes: [UInt8]) -> Range<Int>? {
    guard bytes.count >= 12, bytes[0] >> 6 == 2, !isRTCP(bytes) else { return nil }
    var begin = 12 + 4 * Int(bytes[0] & 0x0F)
    if bytes[0] & 0x10 != 0 {
      guard begin + 4 <= bytes.count else { return nil }
      begin += 4 + 4 * (Int(bytes[begin + 2]) << 8 | Int(bytes[begin + 3]))
    }
    let end = bytes.count - (bytes[0] & 0x20 != 0 ? Int(bytes[bytes.count - 1]) : 0)
    return begin <= end ? begin..<end : nil
  }
}
