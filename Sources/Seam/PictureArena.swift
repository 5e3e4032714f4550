import System

/// Where pictures on their way lie in the shared memory: each from the lowest place that is free, so that little of
/// the memory is ever touched.
struct PictureArena {
  /// Address space; memory is what pictures have touched. Two pictures of the largest size fit.
  static let size = 256 << 20
  /// Bytes on their way from which on a third picture waits.
  static let budget = 8 << 20

  /// Ascending.
  private var taken: [Range<Int>] = []

  /// Takes a place for so many bytes; nil while too much is on its way.
  mutating func take(_ count: Int) -> Int? {
    let bytes = taken.reduce(count) { $0 + $1.count }
    guard bytes <= Self.budget || taken.count < 2 else { return nil }
    var start = 0
    var index = 0
    while index < taken.count, taken[index].lowerBound - start < count {
      start = taken[index].upperBound
      index += 1
    }
    guard Self.size - start >= count else { return nil }
    taken.insert(start..<start + count, at: index)
    return start
  }

  mutating func release(_ place: Int) { taken.removeAll { $0.lowerBound == place } }
}
