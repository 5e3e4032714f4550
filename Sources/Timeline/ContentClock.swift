import Media

/// What places a track's content on its own time, of whichever kind it is.
protocol ContentClock {
  /// Two stamps agreed on a place that no hole explains: what comes is held until the other tracks have spoken.
  var isJumped: Bool { get }
  /// Source time of that place, and how much has come there.
  var jumpTarget: TimeSpan? { get }
  var jumpLength: TimeSpan { get }
  /// A stamp disagrees with the line, and no second has told yet.
  var isInDispute: Bool { get }
  /// Source time up to which content has been placed.
  var position: TimeSpan? { get }
  /// How far apart contents usually are.
  var interval: TimeSpan { get }

  /// No more comes, or not on this line: places what is held.
  /// - Parameter limit: how far the other tracks reach.
  mutating func flush(limit: TimeSpan?) -> [Content]
  /// The other tracks jumped too: goes on from the new place. Call after `flush`.
  mutating func confirmJump() -> [Content]
  /// The others did not: what was held is rejected.
  mutating func rejectJump()

  func addCounters(to counters: inout Counters, _ track: String)
}

extension SoundClock: ContentClock {
  var jumpTarget: TimeSpan? { isJumped ? proposal?.anchor : nil }
  var jumpLength: TimeSpan { proposal.map { TimeSpan(ticks: disputedSamples, Ratio(1, Int64($0.rate))) } ?? .zero }
  var isInDispute: Bool { !disputed.isEmpty }
  var interval: TimeSpan { .zero }

  mutating func flush(limit: TimeSpan?) -> [Content] { flush().map(Content.sound) }
  mutating func confirmJump() -> [Content] { takeJump().map(Content.sound) }

  func addCounters(to counters: inout Counters, _ track: String) {
    counters.add("\(track)_stamps_rejected", Int64(outliers))
    counters.add("\(track)_samples_not_finite", Int64(notFinite))
  }
}

extension PictureClock: ContentClock {
  var jumpTarget: TimeSpan? { isJumped ? suspects.first?.time : nil }
  var jumpLength: TimeSpan { interval * Int64(suspects.count) }
  var isInDispute: Bool { !suspects.isEmpty }

  mutating func flush(limit: TimeSpan?) -> [Content] { takeHeld(limit: limit).map(Content.picture) }
  mutating func confirmJump() -> [Content] { takeJump().map(Content.picture) }

  func addCounters(to counters: inout Counters, _ track: String) {
    counters.add("\(track)_stamps_rejected", Int64(outliers))
    counters.add("\(track)_stamps_irregular", Int64(irregular))
  }
}
