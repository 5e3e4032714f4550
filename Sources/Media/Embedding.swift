/// One record: what Tandem says about one window. The columns and their meaning stand in docs/records.md.
package struct Embedding: Sendable {
  package enum Status: String, Sendable {
    case ok
    case noContent = "no_content"
    case decodeError = "decode_error"
    case dropped
  }

  package var source: String
  package var status: Status
  /// The window's place in time; nil for a status row without one.
  package var place: Place?
  package var wall: Wall?
  package var timeState: TimeState?
  package var uncertainty: TimeSpan?
  /// In the order of the request's slots.
  package var tracks: [WindowTrack]
  /// Weight in `fused`, in the order of `tracks`; nil where fusion has none.
  package var gates: [Float?]
  /// Whole windows lost before this one.
  package var dropped: Int32
  package var sync: Sync?
  package var text: String?
  /// L2-normalised; nil when nothing was present.
  package var fused: [Float]?

  package struct Place: Hashable, Sendable {
    package var epoch: Int32
    package var window: Int64
    package var interval: Interval

    package init(epoch: Int32, window: Int64, interval: Interval) {
      self.epoch = epoch
      self.window = window
      self.interval = interval
    }
  }

  /// Capture time of the window's start, in microseconds since 1970, and how sure it is.
  package struct Wall: Hashable, Sendable {
    package var microseconds: Int64
    package var uncertaintyMicroseconds: Float

    package init(microseconds: Int64, uncertaintyMicroseconds: Float) {
      self.microseconds = microseconds
      self.uncertaintyMicroseconds = uncertaintyMicroseconds
    }
  }

  /// Measured offset of sound against picture with its 95 % interval; positive = sound late.
  package struct Sync: Hashable, Sendable {
    package var offsetMilliseconds: Float
    package var lowMilliseconds: Float
    package var highMilliseconds: Float
    package var driftPPM: Float?

    package init(offsetMilliseconds: Float, lowMilliseconds: Float, highMilliseconds: Float, driftPPM: Float?) {
      self.offsetMilliseconds = offsetMilliseconds
      self.lowMilliseconds = lowMilliseconds
      self.highMilliseconds = highMilliseconds
      self.driftPPM = driftPPM
    }
  }

  package init(
    source: String, status: Status, place: Place? = nil, wall: Wall? = nil, timeState: TimeState? = nil,
    uncertainty: TimeSpan? = nil, tracks: [WindowTrack] = [], gates: [Float?] = [], dropped: Int32 = 0,
    sync: Sync? = nil, text: String? = nil, fused: [Float]? = nil
  ) {
    self.source = source
    self.status = status
    self.place = place
    self.wall = wall
    self.timeState = timeState
    self.uncertainty = uncertainty
    self.tracks = tracks
    self.gates = gates
    self.dropped = dropped
    self.sync = sync
    self.text = text
    self.fused = fused
  }
}

/// The columns that a stream of records has, fixed before the first record.
package struct RecordLayout: Sendable {
  /// A selected track, and how long its vector is; nil without an encoder: then it has no vector column.
  package struct Column: Hashable, Sendable {
    package var slot: Slot
    package var dimensions: Int?
    /// Length of its steps' vectors.
    package var stepDimensions: Int?

    package init(slot: Slot, dimensions: Int?, stepDimensions: Int?) {
      self.slot = slot
      self.dimensions = dimensions
      self.stepDimensions = stepDimensions
    }
  }

  package var columns: [Column]
  package var fusedDimensions: Int
  /// Adds the per-step columns.
  package var hasSteps: Bool
  /// Schema metadata (`tandem.schema` …), in order.
  package var metadata: [(key: String, value: String)]

  package init(columns: [Column], fusedDimensions: Int, hasSteps: Bool, metadata: [(key: String, value: String)]) {
    self.columns = columns
    self.fusedDimensions = fusedDimensions
    self.hasSteps = hasSteps
    self.metadata = metadata
  }
}
