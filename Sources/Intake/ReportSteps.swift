import Media

/// Steps of a sender's clock. Its reports bring one to the tracks one after the other: until the last has it, nobody
/// knows how they stand to each other. A step is a stamp that goes further than the time in which it came, or back.
struct ReportSteps {
  private struct Track {
    /// The furthest stamp, and when it came.
    var latest: TimeSpan
    var heard: TimeSpan
    /// When its first packet came.
    let began: TimeSpan
    /// By how much packets come after their stamps: whoever was late and is not any more has made no step.
    var delay = WallEstimate()
  }

  private var tracks: [Slot: Track] = [:]
  /// Those that not all tracks have made yet.
  private var steps: [Slot: TimeSpan] = [:]
  private var began = TimeSpan.zero

  private static let smallest = TimeSpan(milliseconds: 250)
  /// What was gathered while the source was opened comes in a burst, in packets that hold half a second each.
  private static let settling = TimeSpan(seconds: 2)
  /// Pictures come in the order of their decoding.
  private static let longestReordering = TimeSpan(seconds: 1)
  /// By how much steps of two tracks may seem to differ.
  private static let likeness = TimeSpan(milliseconds: 500)
  /// All have had a report in this time: whoever has not stepped by then will not.
  private static let patience = TimeSpan(seconds: 30)

  /// A packet has come.
  /// - Parameters:
  ///   - time: its stamp.
  ///   - now: by the monotonic clock.
  mutating func note(_ slot: Slot, at time: TimeSpan, now: TimeSpan) {
    guard var track = tracks[slot] else { return begin(slot, time, now) }
    let gain = time - track.latest
    let isBack = gain < -(slot.modality == .audio ? Self.smallest : Self.longestReordering)
    let isSettled = now - track.began >= Self.settling
    let isEarly = isSettled && track.delay.offset.map { now - time < $0 - Self.smallest } ?? false
    let step = gain - (now - track.heard)
    if isBack || step > Self.smallest && gain > Self.smallest && isEarly {
      if steps.isEmpty { began = now }
      steps[slot, default: .zero] += step
      return begin(slot, time, now)
    }
    track.delay.observe(now - time, now: now)
    if gain > .zero { (track.latest, track.heard) = (time, now) }
    tracks[slot] = track
  }

  /// Whether a step is on its way to some of the tracks.
  mutating func isUnderWay(among slots: [Slot], now: TimeSpan) -> Bool {
    let all = slots.filter { $0.modality != .text }.compactMap { steps[$0] }
    let isEverywhere = all.count == slots.count { $0.modality != .text }
    if isEverywhere, let low = all.min(), let high = all.max(), high - low <= Self.likeness { steps = [:] }
    if !steps.isEmpty, now - began > Self.patience { steps = [:] }
    return !steps.isEmpty
  }

  private mutating func begin(_ slot: Slot, _ time: TimeSpan, _ now: TimeSpan) {
    var track = Track(latest: time, heard: now, began: now)
    track.delay.observe(now - time, now: now)
    tracks[slot] = track
  }
}
