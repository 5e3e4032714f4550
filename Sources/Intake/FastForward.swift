import Decode
import Media

/// Pictures before the first wanted window are not decoded: only their stamps go to the clock, group by group, and
/// decoding begins at the key frame before the window. Sound is decoded all along: its codecs carry state. So
/// everything after is what linear decoding gives, at the price of reading.
struct FastForward {
  /// Position in the source from which pictures are wanted.
  let until: TimeSpan
  /// Packets since the last key frame, which the wanted pictures may need.
  private var group: [Packet] = []
  private var bytes = 0

  /// What to do with packets now.
  enum Order {
    case decode([Packet])
    /// Tell the clock their stamps; nobody will look at them.
    case pass([Packet])
  }

  private static let byteLimit = 32 << 20

  init(until: TimeSpan) { self.until = until }

  /// Whether it has done its work.
  private(set) var isOver = false

  /// - Parameter position: the packet's place in the source; nil before the first epoch and without a stamp.
  mutating func take(_ packet: Packet, at position: TimeSpan?) -> Order {
    guard let position, position < until, bytes <= Self.byteLimit else {
      isOver = position != nil || !group.isEmpty
      return .decode(takeGroup() + [packet])
    }
    if packet.isKey {
      let passed = takeGroup()
      add(packet)
      return .pass(passed)
    }
    guard !group.isEmpty else { return .decode([packet]) }
    add(packet)
    return .pass([])
  }

  /// What is still held when the source ends.
  mutating func finish() -> [Packet] {
    isOver = true
    return takeGroup()
  }

  private mutating func add(_ packet: Packet) {
    group.append(packet)
    bytes += packet.byteCount
  }

  private mutating func takeGroup() -> [Packet] {
    defer { (group, bytes) = ([], 0) }
    return group
  }
}
