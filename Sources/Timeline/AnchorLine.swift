import Media

/// Where a stamp's truth lies, in source time.
struct Bounds {
  var low: TimeSpan
  var high: TimeSpan

  init(low: TimeSpan, high: TimeSpan) {
    self.low = low
    self.high = high
  }

  init(_ time: TimeSpan, halfWidth: TimeSpan = .zero) {
    low = time - halfWidth
    high = time + halfWidth
  }
}

/// Sample n of a line stands at `anchor + n / rate`; the true anchor lies in `bounds`.
struct AnchorLine {
  let rate: Int
  private(set) var bounds: Bounds
  /// How far the last stamp lay outside the bounds, where it was let pass.
  private var slack = TimeSpan.zero
  /// Number of the next sample.
  var next: Int64 = 0
  /// Chosen when the first sample is placed and kept: sound does not creep.
  private(set) var anchor: TimeSpan

  init(_ stamp: Bounds, index: Int64, rate: Int) {
    self.rate = rate
    let offset = TimeSpan(ticks: index, Ratio(1, Int64(rate)))
    bounds = Bounds(low: stamp.low - offset, high: stamp.high - offset)
    anchor = Self.middle(bounds)
  }

  /// This line with what the stamp of sample `next + samplesAhead` says of the anchor; nil when they disagree by
  /// more than one sample.
  func narrowed(by stamp: Bounds, samplesAhead: Int64) -> AnchorLine? {
    let both = intersection(stamp, samplesAhead)
    guard both.low <= both.high + length(of: 1) else { return nil }
    var line = self
    if both.low <= both.high {
      (line.bounds, line.slack) = (both, .zero)
    } else {  // within a sample of each other: either may be right
      line.slack = both.low - both.high
    }
    if next == 0 { line.anchor = Self.middle(line.bounds) }
    return line
  }

  /// This proposed line, when the stamp of sample `next + samplesAhead` means the same place. Clocks may differ by
  /// a sixteenth: where they do, the anchor is known no better than the two stamps agree.
  func agreeing(with stamp: Bounds, samplesAhead: Int64) -> AnchorLine? {
    if let line = narrowed(by: stamp, samplesAhead: samplesAhead) { return line }
    let both = intersection(stamp, samplesAhead)
    guard both.low <= both.high + length(of: samplesAhead / 16) else { return nil }
    var line = self
    line.bounds = Bounds(low: min(both.high, anchor), high: max(both.low, anchor))
    return line
  }

  /// What this line and the stamp of sample `next + samplesAhead` say of the anchor together; `low > high` by as
  /// much as they disagree.
  private func intersection(_ stamp: Bounds, _ samplesAhead: Int64) -> Bounds {
    let offset = length(of: next + samplesAhead)
    return Bounds(low: max(bounds.low, stamp.low - offset), high: min(bounds.high, stamp.high - offset))
  }

  private func length(of samples: Int64) -> TimeSpan { TimeSpan(ticks: samples, Ratio(1, Int64(rate))) }

  mutating func widen(by width: TimeSpan) { bounds = Bounds(low: bounds.low - width, high: bounds.high + width) }

  func time(of index: Int64) -> TimeSpan { anchor + length(of: index) }

  /// How far the true anchor may lie from the chosen one.
  var halfWidth: TimeSpan { max(bounds.high - anchor, anchor - bounds.low) + slack }

  private static func middle(_ bounds: Bounds) -> TimeSpan {
    TimeSpan(flicks: bounds.low.flicks + (bounds.high.flicks - bounds.low.flicks) / 2)
  }
}
