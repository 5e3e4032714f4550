import Media

/// Counts time in hops of the grid.
struct Hops: Sendable {
  private let grid: Grid
  /// Hops that a window touches.
  let perWindow: Int64

  init(_ grid: Grid) {
    self.grid = grid
    perWindow = scale(grid.length.flicks, by: 1, over: grid.hop.flicks, .up)
  }

  func index(_ instant: Instant) -> Int64 { max(0, scale(instant.flicks, by: 1, over: grid.hop.flicks, .down)) }

  func range(_ interval: Interval) -> ClosedRange<Int64> {
    let first = index(interval.start)
    return first...max(first, index(interval.end - TimeSpan(flicks: 1)))
  }

  func interval(_ range: ClosedRange<Int64>) -> Interval {
    Interval(grid.window(range.lowerBound).start, grid.window(range.upperBound + 1).start)
  }

  func windows(touching range: ClosedRange<Int64>) -> ClosedRange<Int64> {
    max(0, range.lowerBound - perWindow + 1)...range.upperBound
  }
}

/// Windows of an epoch that were let go.
struct WindowLosses: Sendable {
  /// What is forgotten of long ago only lets late content in, whose windows are let go all the same.
  private static let most = 64
  /// Apart from each other, in their order.
  private var ranges: [ClosedRange<Int64>] = []

  mutating func add(_ windows: ClosedRange<Int64>) {
    var all = windows
    ranges.removeAll { range in
      guard range.lowerBound <= all.upperBound + 1, all.lowerBound <= range.upperBound + 1 else { return false }
      all = min(all.lowerBound, range.lowerBound)...max(all.upperBound, range.upperBound)
      return true
    }
    ranges.append(all)
    ranges.sort { $0.lowerBound < $1.lowerBound }
    if ranges.count > Self.most { ranges.removeFirst() }
  }

  /// Whether all of them are gone.
  func cover(_ windows: ClosedRange<Int64>) -> Bool {
    ranges.contains { $0.lowerBound <= windows.lowerBound && windows.upperBound <= $0.upperBound }
  }
}
