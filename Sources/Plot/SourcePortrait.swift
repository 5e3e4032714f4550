package import Media

/// All that `inspect --plot` draws of one source. Positions count from the source's beginning, across its epochs.
/// Every list is bounded: the accumulators that fill it thin themselves out.
package struct SourcePortrait: Sendable {
  /// An epoch as it is drawn: where it begins, and why.
  package struct EpochBorder: Hashable, Sendable {
    package var index: Int32
    package var start: TimeSpan
    package var reason: Epoch.Reason

    package init(index: Int32, start: TimeSpan, reason: Epoch.Reason) {
      self.index = index
      self.start = start
      self.reason = reason
    }
  }

  package var name: String
  package var container: String
  package var tracks: [TrackInfo]
  /// The end of the last content.
  package var duration: TimeSpan
  package var epochs: [EpochBorder]
  /// Epochs beyond those listed.
  package var epochsOmitted: Int
  package var thumbnails: [Thumbnail]
  package var waveforms: [(slot: Slot, envelope: WaveformEnvelope)]
  package var coverage: [(slot: Slot, lane: CoverageLane)]
  package var windows: WindowSeries
  package var counters: Counters
  /// What went wrong with the source as a whole: it broke off, or nothing could be made of it.
  package var warning: String?

  package init(
    name: String, container: String = "", tracks: [TrackInfo] = [], duration: TimeSpan = .zero,
    epochs: [EpochBorder] = [], epochsOmitted: Int = 0, thumbnails: [Thumbnail] = [],
    waveforms: [(slot: Slot, envelope: WaveformEnvelope)] = [], coverage: [(slot: Slot, lane: CoverageLane)] = [],
    windows: WindowSeries = WindowSeries(), counters: Counters = Counters(), warning: String? = nil
  ) {
    self.name = name
    self.container = container
    self.tracks = tracks
    self.duration = duration
    self.epochs = epochs
    self.epochsOmitted = epochsOmitted
    self.thumbnails = thumbnails
    self.waveforms = waveforms
    self.coverage = coverage
    self.windows = windows
    self.counters = counters
    self.warning = warning
  }
}

/// A small picture and where in the source it is on screen.
package struct Thumbnail: Sendable {
  package var position: TimeSpan
  package var image: RGBImage

  package init(position: TimeSpan, image: RGBImage) {
    self.position = position
    self.image = image
  }
}

extension TimeSpan {
  /// Some 51 years: positions are drawn up to here, so that sums of two never overflow.
  static let farthest = TimeSpan(flicks: 1 << 60)

  /// The nearest position that can be drawn: broken stamps may lie anywhere.
  var drawable: TimeSpan { min(max(self, .zero), .farthest) }

  /// Position in the source of an instant of the epoch that begins at `epochStart`.
  static func position(_ instant: Instant, epochStart: TimeSpan) -> TimeSpan {
    (epochStart.drawable + instant.sinceZero.drawable).drawable
  }
}
