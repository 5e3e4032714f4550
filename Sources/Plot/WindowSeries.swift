package import Media

/// How sure the windows' time is, and their measured offset of sound against picture, over a source of any length.
/// Beyond `capacity` points neighbours become one, which keeps the worst of both.
package struct WindowSeries: Sendable {
  package struct Offset: Hashable, Sendable {
    /// Mean of the windows that have one, in milliseconds; positive = sound late.
    package var milliseconds: Double
    /// The outermost borders of their 95 % intervals.
    package var low: Double
    package var high: Double
    package var windows: Int
  }

  package struct Point: Hashable, Sendable {
    package var start: TimeSpan
    package var end: TimeSpan
    package var windows: Int
    /// Windows with a status other than `ok`.
    package var failed: Int
    package var state: TimeState?
    package var uncertaintyMicroseconds: Double?
    package var offset: Offset?
  }

  package var points: [Point] { bins.bins.map(\.value) }

  private var bins: TimeBins<Point>

  package init(capacity: Int = 1024) {
    bins = TimeBins(capacity: capacity, width: TimeSpan(flicks: 1)) { $0.merge($1) }
  }

  /// A record without a place in time is passed over.
  package mutating func add(_ record: Embedding, epochStart: TimeSpan) {
    guard let interval = record.place?.interval else { return }
    let start = TimeSpan.position(interval.start, epochStart: epochStart)
    let point = Point(
      start: start, end: .position(interval.end, epochStart: epochStart), windows: 1,
      failed: record.status == .ok ? 0 : 1, state: record.timeState,
      uncertaintyMicroseconds: record.uncertainty?.microseconds, offset: record.sync.flatMap(Offset.init))
    bins.add(point, at: start)
  }
}

extension WindowSeries.Offset {
  /// Nil when one of the three is no number.
  init?(_ sync: Embedding.Sync) {
    let values = [sync.offsetMilliseconds, sync.lowMilliseconds, sync.highMilliseconds].map(Double.init)
    guard values.allSatisfy(\.isFinite) else { return nil }
    self.init(milliseconds: values[0], low: values[1], high: values[2], windows: 1)
  }

  fileprivate mutating func merge(_ other: Self) {
    let sum = milliseconds * Double(windows) + other.milliseconds * Double(other.windows)
    windows += other.windows
    milliseconds = sum / Double(windows)
    low = min(low, other.low)
    high = max(high, other.high)
  }
}

extension WindowSeries.Point {
  fileprivate mutating func merge(_ other: Self) {
    start = min(start, other.start)
    end = max(end, other.end)
    windows += other.windows
    failed += other.failed
    state = [state, other.state].compactMap(\.self).max()
    uncertaintyMicroseconds = [uncertaintyMicroseconds, other.uncertaintyMicroseconds].compactMap(\.self).max()
    guard let theirs = other.offset else { return }
    if offset == nil { offset = theirs } else { offset?.merge(theirs) }
  }
}
