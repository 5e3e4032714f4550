import Media

/// Subtitle cues on their way to the timeline: each waits for the epoch that it lies in.
struct CueQueue {
  private let timings: [Slot: TrackTiming]
  private var waiting: [(slot: Slot, cue: DecodedCue)] = []
  private var counters = Counters()

  /// Cues that wait for an epoch that never comes are given up, oldest first.
  private static let longest = 1024
  /// How long a cue is shown whose container does not say it.
  private static let assumedLength = TimeSpan(seconds: 5)

  init(_ tracks: [(slot: Slot, timing: TrackTiming)]) {
    timings = Dictionary(tracks.map { ($0.slot, $0.timing) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func add(_ cue: DecodedCue, _ slot: Slot) {
    waiting.append((slot, cue))
    guard waiting.count > Self.longest else { return }
    waiting.removeFirst()
    counters.add("cues_unplaced")
  }

  /// The cues of the open epoch. One from beyond it, or from long before it, waits for the next epoch.
  /// - Parameters:
  ///   - zero: source time of the epoch's zero.
  ///   - reach: as far as its content goes, and a hole.
  mutating func take(zero: TimeSpan, until reach: Instant, epoch: Int32) -> [Cue] {
    guard !waiting.isEmpty else { return [] }
    var taken: [Cue] = []
    var kept: [(slot: Slot, cue: DecodedCue)] = []
    for (slot, cue) in waiting {
      guard let timing = timings[slot] else { continue }
      let start = Instant(flicks: (TimeSpan(ticks: cue.pts, timing.timeBase) + timing.shift - zero).flicks)
      guard start <= reach, start >= .zero - Jump.longestHole else {
        kept.append((slot, cue))
        continue
      }
      let interval = Interval(max(start, .zero), max(start + length(cue, timing), .zero))
      if !interval.isEmpty, !cue.text.isEmpty {
        taken.append(Cue(slot: slot, epoch: epoch, interval: interval, text: cue.text))
      }
    }
    waiting = kept
    return taken
  }

  /// No epoch comes any more: tells what was lost or assumed.
  mutating func finish() -> Counters {
    counters.add("cues_unplaced", Int64(waiting.count))
    waiting = []
    return counters
  }

  private mutating func length(_ cue: DecodedCue, _ timing: TrackTiming) -> TimeSpan {
    if let ticks = cue.duration { return TimeSpan(ticks: ticks, timing.timeBase) }
    counters.add("cue_durations_assumed")
    return Self.assumedLength
  }
}
