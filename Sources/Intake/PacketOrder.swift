/// The latest presentation stamps of a stream, in decoding order: tells until when at most a picture stays on screen,
/// and which stamp stands alone.
struct PacketOrder {
  private var stamps: [Int64] = []
  /// A stamp far from the others, which a second may confirm.
  private var lone: Int64?
  private static let memory = 64

  /// Takes the next packet's stamp.
  /// - Returns: whether it stands alone, far from those before it: then it is not remembered.
  mutating func add(_ pts: Int64) -> Bool {
    if isFar(pts) {
      guard let first = lone, (Int128(pts) - Int128(first)).magnitude < margin else {
        lone = pts
        return true
      }
      stamps = [first]  // two agree: the stream goes on from there
    }
    lone = nil
    stamps.append(pts)
    if stamps.count > Self.memory { stamps.removeFirst() }
    return false
  }

  /// The smallest stamp seen that is greater.
  func next(after pts: Int64) -> Int64? { stamps.lazy.filter { $0 > pts }.min() }

  private func isFar(_ pts: Int64) -> Bool {
    guard stamps.count >= 4, let low = stamps.min(), let high = stamps.max() else { return false }
    return Int128(pts) > Int128(high) + margin || Int128(pts) < Int128(low) - margin
  }

  /// Eight times the mean distance of the stamps.
  private var margin: Int128 {
    guard let low = stamps.min(), let high = stamps.max() else { return 0 }
    return max(8, 8 * (Int128(high) - Int128(low)) / Int128(max(1, stamps.count - 1)))
  }
}
