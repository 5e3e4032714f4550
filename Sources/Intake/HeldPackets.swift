import Decode
import Media

/// Compressed packets of tracks that wait for the others, in file order and of bounded size.
struct HeldPackets {
  private var packets: [(packet: Packet, slot: Slot)] = []
  private var bytes = 0
  private static let limit = (bytes: 16 << 20, packets: 4096)

  var isEmpty: Bool { packets.isEmpty }
  var isFull: Bool { bytes > Self.limit.bytes || packets.count > Self.limit.packets }

  mutating func add(_ packet: Packet, _ slot: Slot) {
    packets.append((packet, slot))
    bytes += packet.byteCount
  }

  /// The earliest packet of a track that may go on.
  mutating func take(where mayGoOn: (Slot) -> Bool) -> (Packet, Slot)? {
    guard let n = packets.firstIndex(where: { mayGoOn($0.slot) }) else { return nil }
    bytes -= packets[n].packet.byteCount
    return packets.remove(at: n)
  }
}
