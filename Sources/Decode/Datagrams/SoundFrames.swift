/// The frames of AAC (ADTS, ISO/IEC 13818-7, 6.2) in a unit of sound. Each says its length, so where one is missing the
/// next is not where it should be.
struct SoundFrames {
  /// PES header.
  private let head: [UInt8]
  private let content: [UInt8]
  /// Bytes of the frames that are there whole, from the first on.
  private let whole: Int
  /// One frame does not follow the other: the one before lacks something.
  let isBroken: Bool
  private let first: TransportPacket

  /// - Parameter held: the packets of a unit, from its first on; nil for another kind of sound.
  init?(_ held: [UInt8]) {
    let packets = stride(from: 0, to: held.count, by: TransportPacket.size).map { TransportPacket(held, at: $0) }
    let bytes = packets.flatMap(\.payload)
    guard let first = packets.first, bytes.count > 8, 9 + Int(bytes[8]) <= bytes.count else { return nil }
    self.first = first
    head = Array(bytes[..<(9 + Int(bytes[8]))])
    content = Array(bytes[head.count...])
    guard Self.length(content, 0) != nil else { return nil }
    var (whole, last) = (0, 0)
    while let length = Self.length(content, whole), whole + length <= content.count {
      (whole, last) = (whole + length, length)
    }
    isBroken = content.count - whole >= 7 && Self.length(content, whole) == nil
    self.whole = isBroken ? whole - last : whole
  }

  /// A unit of the whole frames alone; none where there is none.
  var packets: [UInt8] {
    guard whole > 0 else { return [] }
    var head = head
    (head[4], head[5]) = (UInt8((head.count - 6 + whole) >> 8 & 0xFF), UInt8((head.count - 6 + whole) & 0xFF))
    let bytes = head + content[..<whole]
    let room = TransportPacket.size - 4
    return stride(from: 0, to: bytes.count, by: room).enumerated().flatMap { n, at in
      packet(n, bytes[at..<min(at + room, bytes.count)])
    }
  }

  private func packet(_ n: Int, _ payload: ArraySlice<UInt8>) -> [UInt8] {
    let counter = (first.counter &+ UInt8(n & 0x0F)) & 0x0F
    let pid = [UInt8(first.pid >> 8) | (n == 0 ? 0x40 : 0), UInt8(first.pid & 0xFF)]
    let filling = TransportPacket.size - 4 - payload.count
    guard filling > 0 else { return [TransportPacket.sync] + pid + [0x10 | counter] + payload }
    // An adaptation field fills the packet up: its length, its flags where it has any byte, and 0xFF.
    let flags: [UInt8] = filling > 1 ? [0] : []
    let field = [UInt8(filling - 1)] + flags + [UInt8](repeating: 0xFF, count: max(0, filling - 2))
    return [TransportPacket.sync] + pid + [0x30 | counter] + field + payload
  }

  private static func length(_ bytes: [UInt8], _ at: Int) -> Int? {
    guard at + 7 <= bytes.count, bytes[at] == 0xFF, bytes[at + 1] & 0xF6 == 0xF0 else { return nil }
    let length = Int(bytes[at + 3] & 3) << 11 | Int(bytes[at + 4]) << 3 | Int(bytes[at + 5]) >> 5
    return length > 7 ? length : nil
  }
}
