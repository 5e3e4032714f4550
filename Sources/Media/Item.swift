/// What crosses the seam from Timeline to Encode: plain, bounded, serialisable.
package enum Item: Sendable {
  case sound(AudioRun)
  case picture(Picture)
  case mark(Mark)
}

/// The events of a source's timeline that carry no samples; Encode passes them on in order.
package enum Mark: Sendable {
  case opened(SourceInfo)
  case epoch(Epoch)
  /// A stretch in which the track really holds content.
  case covered(Coverage)
  /// The frame on screen at an instant of the grid.
  case shown(ShownFrame)
  case cue(Cue)
  /// The capture time of a live source.
  case wall(WallTime)
  /// Nothing of this track before the instant is still to come.
  case reached(Slot, Instant)
  /// Content of this stretch was let go because nobody could keep up: windows that it touches are not to be had.
  case dropped(epoch: Int32, Interval)
  /// The epoch is over; `end` is the end of the last selected sound or picture.
  case closed(epoch: Int32, end: Instant)
  case ended(SourceOutcome)
}

/// A run of mono samples in [−1, 1] on one epoch's sample grid.
package struct AudioRun: Sendable {
  package var slot: Slot
  package var epoch: Int32
  /// Number of the first sample: it is heard at `firstSample / rate` seconds after the epoch's zero.
  package var firstSample: Int64
  package var rate: Int
  package var samples: [Float]

  package init(slot: Slot, epoch: Int32, firstSample: Int64, rate: Int, samples: [Float]) {
    self.slot = slot
    self.epoch = epoch
    self.firstSample = firstSample
    self.rate = rate
    self.samples = samples
  }
}

/// The full-size picture on screen at one instant of the grid.
package struct Picture: Sendable {
  package var slot: Slot
  package var epoch: Int32
  package var instant: Instant
  /// 0…1: 0 when the frame is shown beyond its time (a gap), else 1.
  package var valid: Float
  package var image: RGBImage

  package init(slot: Slot, epoch: Int32, instant: Instant, valid: Float, image: RGBImage) {
    self.slot = slot
    self.epoch = epoch
    self.instant = instant
    self.valid = valid
    self.image = image
  }
}

/// Packed 8-bit RGB, row by row, without padding: `pixels.count == 3 · width · height`.
package struct RGBImage: Sendable {
  package let width: Int
  package let height: Int
  package let pixels: [UInt8]

  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == 3 * width * height, "pixels are packed RGB")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Whether both are copies of one value: a constant-time test that never confuses different pictures.
  package func isSameStorage(as other: RGBImage) -> Bool {
    width == other.width && height == other.height && pixels.span.isIdentical(to: other.pixels.span)
  }
}

/// A kind of picture file.
package enum PictureFormat: String, Sendable {
  case png, jpeg
}

/// One subtitle cue, cleaned of tags.
package struct Cue: Hashable, Sendable {
  package var slot: Slot
  package var epoch: Int32
  package var interval: Interval
  package var text: String

  package init(slot: Slot, epoch: Int32, interval: Interval, text: String) {
    self.slot = slot
    self.epoch = epoch
    self.interval = interval
    self.text = text
  }
}

/// How sure a stamp is, from the surest to the least.
package enum TimeState: String, Sendable, Comparable {
  case exact, quantised, inferred, unlocked

  package static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
  private var rank: Int {
    switch self {
    case .exact: 0
    case .quantised: 1
    case .inferred: 2
    case .unlocked: 3
    }
  }
}

/// A stretch of real content of one track, with the stamp of its start and how sure that is.
package struct Coverage: Hashable, Sendable {
  package var slot: Slot
  package var epoch: Int32
  package var interval: Interval
  /// Native stamp of `interval.start` (for sound: of the first sample), and its unit.
  package var pts: Int64?
  package var timeBase: Ratio
  /// Half-width of the interval in which the true instant lies.
  package var halfWidth: TimeSpan
  /// Stamps were synthesised or repaired.
  package var isInferred: Bool
  /// Sound: one sample of the source, the border of `exact`.
  package var sampleLength: TimeSpan

  package init(
    slot: Slot, epoch: Int32, interval: Interval, pts: Int64?, timeBase: Ratio, halfWidth: TimeSpan,
    isInferred: Bool, sampleLength: TimeSpan
  ) {
    self.slot = slot
    self.epoch = epoch
    self.interval = interval
    self.pts = pts
    self.timeBase = timeBase
    self.halfWidth = halfWidth
    self.isInferred = isInferred
    self.sampleLength = sampleLength
  }
}

/// Which frame is on screen at an instant of the grid: `start ≤ instant < next start`.
package struct ShownFrame: Hashable, Sendable {
  package var slot: Slot
  package var epoch: Int32
  package var instant: Instant
  /// Native stamp, nil where the container has none.
  package var pts: Int64?
  package var timeBase: Ratio
  /// When the frame came on screen: tells frames apart, also without stamps.
  package var start: Instant
  package var halfWidth: TimeSpan
  package var isInferred: Bool

  package init(
    slot: Slot, epoch: Int32, instant: Instant, pts: Int64?, timeBase: Ratio, start: Instant, halfWidth: TimeSpan,
    isInferred: Bool
  ) {
    self.slot = slot
    self.epoch = epoch
    self.instant = instant
    self.pts = pts
    self.timeBase = timeBase
    self.start = start
    self.halfWidth = halfWidth
    self.isInferred = isInferred
  }
}

/// A stretch of continuous time with its own timeline from 0.
package struct Epoch: Hashable, Sendable {
  package enum Reason: String, Sendable {
    case start, jump
    /// The sender's reports of all tracks have come: from here on they stand on one clock.
    case locked
    /// The source broke off and was opened anew.
    case reconnect
  }

  package var index: Int32
  package var reason: Reason
  /// Position of its zero in the source: earlier durations plus known gaps.
  package var start: TimeSpan
  /// Native stamp of its zero and its unit; nil where no track has stamps.
  package var originPTS: Int64?
  package var timeBase: Ratio
  /// False for RTP before the sender's reports: how its tracks stand to each other is not known.
  package var isLocked: Bool

  package init(
    index: Int32, reason: Reason, start: TimeSpan, originPTS: Int64?, timeBase: Ratio, isLocked: Bool = true
  ) {
    self.index = index
    self.reason = reason
    self.start = start
    self.originPTS = originPTS
    self.timeBase = timeBase
    self.isLocked = isLocked
  }
}

/// A source as it presents itself when opened.
package struct SourceInfo: Hashable, Sendable {
  package var name: String
  package var container: String
  package var tracks: [TrackInfo]
  /// The selected tracks that it has.
  package var slots: [Slot]
  /// Duration as the container declares it: for progress only.
  package var declaredDuration: TimeSpan?
  /// Capture time of the source's zero, in microseconds since 1970, where the container tells it.
  package var creationTime: Int64?
  /// Sources that a reader may wait for: pipes and live. Their records are flushed at once.
  package var isStreaming: Bool

  package init(
    name: String, container: String, tracks: [TrackInfo], slots: [Slot], declaredDuration: TimeSpan? = nil,
    creationTime: Int64? = nil, isStreaming: Bool = false
  ) {
    self.name = name
    self.container = container
    self.tracks = tracks
    self.slots = slots
    self.declaredDuration = declaredDuration
    self.creationTime = creationTime
    self.isStreaming = isStreaming
  }
}

/// How a source ended, with its accounts.
package struct SourceOutcome: Sendable {
  package enum Ending: Sendable, Equatable {
    case complete
    /// The input broke off or was damaged; what came before it stands. Says how.
    case truncated(String)
    /// Nothing could be made of it. Says why.
    case failed(String, exitCode: Int32)

    /// Nil where it is complete.
    package var reason: String? {
      switch self {
      case .complete: nil
      case .truncated(let reason), .failed(let reason, _): reason
      }
    }
  }

  package var name: String
  package var ending: Ending
  package var counters: Counters
  /// Not the media's own fault.
  package var fault: SourceFault?

  package init(name: String, ending: Ending, counters: Counters = Counters(), fault: SourceFault? = nil) {
    self.name = name
    self.ending = ending
    self.counters = counters
    self.fault = fault
  }
}

/// What came in and what became of it; every loss has a name.
package struct Counters: Hashable, Sendable {
  package private(set) var values: [String: Int64] = [:]

  package init() {}

  package mutating func add(_ name: String, _ count: Int64 = 1) {
    let (sum, isBeyond) = self[name].addingReportingOverflow(count)
    values[name] = isBeyond ? .max : sum
  }

  package mutating func add(_ other: Counters) { for (name, count) in other.values { add(name, count) } }

  package subscript(name: String) -> Int64 { values[name] ?? 0 }
}
