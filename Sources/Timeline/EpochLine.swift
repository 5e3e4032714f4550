import Media

/// The open epoch: where its zero stands in the tracks' own time, and where in the source.
struct EpochLine {
  private(set) var epoch: Epoch?
  /// Source time of the epoch's zero.
  private(set) var zero = TimeSpan.zero
  private var next = NextEpoch()
  /// Wall minus source time, by which a continued source's gap is known.
  var wallOffset: TimeSpan?

  init(_ continuation: Continuation?) { if let continuation { next = NextEpoch(continuation) } }

  /// Where a source time lies in the epoch.
  func instant(_ time: TimeSpan) -> Instant { Instant(flicks: (time - zero).flicks) }

  /// Begins an epoch with a track's first content.
  mutating func open(with first: TrackClock, at start: TimeSpan) -> Epoch {
    zero = start
    let isOnReports = !first.timing.needsReports || ReportedTime.holds(zero)
    // Stamps before and after the reports do not tell how far they are apart: the source went on meanwhile.
    let wasOnReports = next.after.map { ReportedTime.holds($0) } ?? isOnReports
    let isLocking = first.timing.needsReports && isOnReports && !wasOnReports
    next.start += isLocking ? .zero : gap
    let opened = Epoch(
      index: next.index, reason: isLocking ? .locked : next.reason, start: next.start, originPTS: first.raw(zero),
      timeBase: first.timing.timeBase, isLocked: isOnReports)
    epoch = opened
    return opened
  }

  /// - Returns: the index of the epoch that was open.
  mutating func close(at end: Instant) -> Int32? {
    guard let closing = epoch else { return nil }
    next = NextEpoch(
      index: closing.index + 1, start: closing.start + end.sinceZero, reason: .jump, after: zero + end.sinceZero)
    epoch = nil
    return closing.index
  }

  private var gap: TimeSpan {
    if let after = next.after { return max(.zero, zero - after) }
    guard let ended = next.wall, let wallOffset else { return .zero }
    return max(.zero, wallOffset + zero - ended)
  }
}
