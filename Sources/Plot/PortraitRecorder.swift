package import Media

/// Watches a source go by and keeps, in bounded memory, what its portrait shows.
/// Items and records may be interleaved as they come; a record's epoch must have opened before it.
package struct PortraitRecorder: Sendable {
  private static let maximumEpochs = 512
  /// How many epochs back a late item or record may belong to.
  private static let rememberedEpochs: Int32 = 64

  private var portrait = SourcePortrait(name: "")
  /// Position of the recent epochs' zero.
  private var starts: [Int32: TimeSpan] = [:]
  private var strip = ThumbnailStrip()

  package init() {}

  package mutating func accept(_ item: Item) {
    switch item {
    case .sound(let run): add(run)
    case .picture(let picture): add(picture)
    case .mark(let mark): add(mark)
    }
  }

  package mutating func accept(_ record: Embedding) {
    guard let place = record.place, let start = starts[place.epoch] else { return }
    portrait.windows.add(record, epochStart: start)
  }

  /// What has been seen so far.
  package func finish() -> SourcePortrait {
    var result = portrait
    result.thumbnails = strip.thumbnails
    return result
  }
}

extension PortraitRecorder {
  private mutating func add(_ run: AudioRun) {
    guard let start = starts[run.epoch] else { return }
    if let index = portrait.waveforms.firstIndex(where: { $0.slot == run.slot }) {
      portrait.waveforms[index].envelope.add(run, epochStart: start)
    } else {
      var envelope = WaveformEnvelope()
      envelope.add(run, epochStart: start)
      portrait.waveforms.append((run.slot, envelope))
    }
  }

  /// Only frames within their own time: a frame held over a gap would hide it.
  private mutating func add(_ picture: Picture) {
    guard picture.slot == Slot(.video), picture.valid > 0, let start = starts[picture.epoch] else { return }
    strip.add(picture.image, at: .position(picture.instant, epochStart: start))
  }

  private mutating func add(_ mark: Mark) {
    switch mark {
    case .opened(let source): open(source)
    case .epoch(let epoch): open(epoch)
    case .covered(let coverage): cover(coverage.slot, coverage.epoch, coverage.interval)
    case .cue(let cue): cover(cue.slot, cue.epoch, cue.interval)
    case .closed(let epoch, let end): reach(epoch, end)
    case .ended(let outcome): end(outcome)
    case .shown, .reached, .dropped, .wall: break
    }
  }

  /// Each selected track has its lane even when nothing of it ever comes.
  private mutating func open(_ source: SourceInfo) {
    portrait.name = source.name
    portrait.container = source.container
    portrait.tracks = source.tracks
    portrait.coverage = source.slots.map { ($0, CoverageLane()) }
  }

  private mutating func open(_ epoch: Epoch) {
    starts[epoch.index] = epoch.start.drawable
    if epoch.index >= Self.rememberedEpochs { starts[epoch.index - Self.rememberedEpochs] = nil }
    guard portrait.epochs.count < Self.maximumEpochs else {
      portrait.epochsOmitted += 1
      return
    }
    portrait.epochs.append(.init(index: epoch.index, start: epoch.start.drawable, reason: epoch.reason))
  }

  private mutating func cover(_ slot: Slot, _ epoch: Int32, _ interval: Interval) {
    guard let start = starts[epoch], !interval.isEmpty else { return }
    let from = TimeSpan.position(interval.start, epochStart: start)
    let to = TimeSpan.position(interval.end, epochStart: start)
    if let index = portrait.coverage.firstIndex(where: { $0.slot == slot }) {
      portrait.coverage[index].lane.add(from, to)
    } else {
      var lane = CoverageLane()
      lane.add(from, to)
      portrait.coverage.append((slot, lane))
    }
    if slot.modality != .text { reach(epoch, interval.end) }  // text never holds a source open
  }

  private mutating func reach(_ epoch: Int32, _ end: Instant) {
    guard let start = starts[epoch] else { return }
    portrait.duration = max(portrait.duration, .position(end, epochStart: start))
  }

  private mutating func end(_ outcome: SourceOutcome) {
    portrait.counters.add(outcome.counters)
    switch outcome.ending {
    case .complete: break
    case .truncated(let how): portrait.warning = "broke off: \(how)"
    case .failed(let why, _): portrait.warning = "failed: \(why)"
    }
  }
}
