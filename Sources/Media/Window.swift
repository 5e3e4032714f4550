/// When windows lie and pictures are taken. Window k of an epoch is `[k·hop, k·hop + length)`.
package struct Grid: Hashable, Sendable {
  package var length: TimeSpan
  package var hop: TimeSpan
  /// Pictures per second.
  package var pictureRate: Ratio

  package init(length: TimeSpan, hop: TimeSpan, pictureRate: Ratio) {
    precondition(length > .zero && hop > .zero, "windows have a length and a hop")
    self.length = length
    self.hop = hop
    self.pictureRate = pictureRate
  }

  package func window(_ k: Int64) -> Interval {
    let start = Instant.zero + hop * k
    return Interval(start, start + length)
  }

  /// How many windows an epoch has whose content ends at `end`: window 0 always, then every k
  /// that begins before the end and whose predecessor does not reach it.
  package func windowCount(end: Instant) -> Int64 {
    let duration = end.flicks
    let beginning = scale(duration, by: 1, over: hop.flicks, .up)  // k·hop < D
    let uncovered = scale(duration - length.flicks, by: 1, over: hop.flicks, .up) + 1  // (k−1)·hop + length < D
    return max(1, min(beginning, uncovered))
  }
}

/// All that one window holds: pooled features of every track, and the proof of its time.
package struct Window: Sendable {
  package var source: String
  package var epoch: Int32
  package var index: Int64
  package var interval: Interval
  /// Capture time of the epoch's zero in microseconds since 1970, where known.
  package var wallZero: Int64?
  package var wallUncertaintyMicroseconds: Int64
  package var timeState: TimeState?
  /// Half-width of sound anchor plus half-width of picture stamp.
  package var uncertainty: TimeSpan?
  /// In the order of the request's slots.
  package var tracks: [WindowTrack]
  package var text: String?
  /// Windows of its source that were let go since the one before.
  package var dropped: Int32

  package init(
    source: String, epoch: Int32, index: Int64, interval: Interval, wallZero: Int64? = nil,
    wallUncertaintyMicroseconds: Int64 = 1_000_000, timeState: TimeState? = nil, uncertainty: TimeSpan? = nil,
    tracks: [WindowTrack], text: String? = nil, dropped: Int32 = 0
  ) {
    self.source = source
    self.epoch = epoch
    self.index = index
    self.interval = interval
    self.wallZero = wallZero
    self.wallUncertaintyMicroseconds = wallUncertaintyMicroseconds
    self.timeState = timeState
    self.uncertainty = uncertainty
    self.tracks = tracks
    self.text = text
    self.dropped = dropped
  }
}

/// One track's share of a window.
package struct WindowTrack: Sendable {
  package var slot: Slot
  /// Fraction of the window really covered, 0…1; 0 for an absent track.
  package var valid: Float
  /// L2-normalised; nil when absent or of zero norm.
  package var vector: [Float]?
  /// Native stamps: sound, of the first sample used; pictures, of the frames used in order.
  package var pts: [Int64]
  package var timeBase: Ratio?
  /// Distinct source frames, instants that showed an already used one, and frames that took over another's vector.
  package var frames: Int32
  package var framesRepeated: Int32
  package var framesReused: Int32
  /// The mean `Step.quality` over what is covered; nil when absent.
  package var quality: Float?
  /// The steps inside the window; empty unless asked for.
  package var steps: [Step]

  package init(
    slot: Slot, valid: Float = 0, vector: [Float]? = nil, pts: [Int64] = [], timeBase: Ratio? = nil,
    frames: Int32 = 0, framesRepeated: Int32 = 0, framesReused: Int32 = 0, quality: Float? = nil, steps: [Step] = []
  ) {
    self.slot = slot
    self.valid = valid
    self.vector = vector
    self.pts = pts
    self.timeBase = timeBase
    self.frames = frames
    self.framesRepeated = framesRepeated
    self.framesReused = framesReused
    self.quality = quality
    self.steps = steps
  }
}

/// What leaves Align: windows, and the end of each source.
package enum Aligned: Sendable {
  case window(Window)
  /// `windows` counts those that the source gave, chosen or not.
  case ended(SourceOutcome, windows: Int64)
}
