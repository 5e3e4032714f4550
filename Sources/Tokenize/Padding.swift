/// What fills a row of ids up to a common length.
package struct Padding: Hashable, Sendable {
  package enum Side: Hashable, Sendable { case left, right }

  package let id: Int32
  package let side: Side

  package init(id: Int32, side: Side = .right) {
    self.id = id
    self.side = side
  }

  func fill(_ ids: [Int32], to count: Int) -> [Int32] {
    let filling = [Int32](repeating: id, count: max(0, count - ids.count))
    return side == .left ? filling + ids : ids + filling
  }
}
