import Media

extension Jump {
  /// Tracks of one file stand apart by less than this.
  static let interleaving = TimeSpan(seconds: 2)
}

/// What is known of an epoch before it opens.
struct NextEpoch {
  var index: Int32 = 0
  /// Position in the source, without the gap before it.
  var start = TimeSpan.zero
  var reason = Epoch.Reason.start
  /// Source time at which the last one ended: stamps that go forward from there tell the gap.
  var after: TimeSpan?
  /// Time since 1970, by our own clock, at which the last reading of the source ended.
  var wall: TimeSpan?

  init(
    index: Int32 = 0, start: TimeSpan = .zero, reason: Epoch.Reason = .start, after: TimeSpan? = nil,
    wall: TimeSpan? = nil
  ) {
    (self.index, self.start, self.reason, self.after, self.wall) = (index, start, reason, after, wall)
  }

  init(_ continuation: Continuation) {
    self.init(
      index: continuation.epoch, start: continuation.position, reason: .reconnect,
      wall: continuation.wall.map { TimeSpan(ticks: $0, Ratio(1, 1_000_000)) })
  }
}
