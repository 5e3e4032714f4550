import Media

/// Values in order of time, at most one per bin and at most `capacity` in all, over a length not known beforehand:
/// when there are too many, the bins double and the values that then share one are merged.
struct TimeBins<Value: Sendable>: Sendable {
  struct Bin: Sendable {
    /// The bin covers `[index · width, (index + 1) · width)`.
    var index: Int64
    var value: Value
  }

  private(set) var bins: [Bin] = []
  private(set) var width: TimeSpan
  private let capacity: Int
  /// Folds a value into the earlier one of the same bin.
  private let merge: @Sendable (inout Value, Value) -> Void

  init(capacity: Int, width: TimeSpan, merge: @escaping @Sendable (inout Value, Value) -> Void) {
    precondition(capacity >= 2 && width > .zero, "room for two bins of some length")
    self.capacity = capacity
    self.width = width
    self.merge = merge
  }

  /// Whether the bin at `position` already has a value.
  func isTaken(at position: TimeSpan) -> Bool {
    let index = binIndex(position)
    let place = insertionPlace(index)
    return place < bins.count && bins[place].index == index
  }

  func start(of bin: Bin) -> TimeSpan { width * bin.index }

  /// Where the bin at `position` ends.
  func end(at position: TimeSpan) -> TimeSpan { width * (binIndex(position) + 1) }

  mutating func add(_ value: Value, at position: TimeSpan) {
    let index = binIndex(position)
    let place = insertionPlace(index)
    if place < bins.count, bins[place].index == index {
      merge(&bins[place].value, value)
    } else {
      bins.insert(Bin(index: index, value: value), at: place)
    }
    while bins.count > capacity { halve() }
  }

  private func binIndex(_ position: TimeSpan) -> Int64 { position.drawable.flicks / width.flicks }

  /// The first bin at or after `index`: the end, as a rule.
  private func insertionPlace(_ index: Int64) -> Int {
    guard let last = bins.last, last.index >= index else { return bins.count }
    var low = 0
    var high = bins.count - 1
    while low < high {
      let middle = (low + high) / 2
      if bins[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func halve() {
    width = width * 2
    var kept = 0
    for bin in bins {
      let index = bin.index / 2
      if kept > 0, bins[kept - 1].index == index {
        merge(&bins[kept - 1].value, bin.value)
      } else {
        bins[kept] = Bin(index: index, value: bin.value)
        kept += 1
      }
    }
    bins.removeLast(bins.count - kept)
  }
}
