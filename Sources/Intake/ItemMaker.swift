import Decode
import Media
import Timeline

/// The last step before the seam: timed content becomes plain Items. Sound is resampled once per unbroken run,
/// pictures are converted once for all their instants, and what comes before the wanted part is left out.
struct ItemMaker {
  private let request: SourceRequest
  /// Bytes of text that is shown at once, with some for each cue: their windows carry all of it.
  private static let mostText = 1 << 16
  private static let cueSize = 64

  private var resampling: [Slot: RunResampler] = [:]
  private let pictures = PictureConverter()
  private var sidecar: Sidecar?
  /// Cues of the epoch that are still shown.
  private var shown: [Slot: [Cue]] = [:]
  private var epoch: Int32 = 0
  private var epochStart = TimeSpan.zero
  private(set) var hasOpenedEpoch = false
  /// Position in the source at which the last closed epoch ended.
  private(set) var end = TimeSpan.zero
  private(set) var counters = Counters()
  /// Frames seen since the last look; nil when nobody wants them.
  private(set) var frames: [FrameTrace]?

  init(_ request: SourceRequest, _ sidecar: Sidecar?, tracesFrames: Bool) {
    self.request = request
    self.sidecar = sidecar
    frames = tracesFrames ? [] : nil
    counters.add("cue_durations_assumed", Int64(sidecar?.assumedLengths ?? 0))
  }

  mutating func items(_ timed: [Timed]) -> [Item] {
    timed.flatMap { content in
      switch content {
      case .sound(let sound): resample(sound)
      case .picture(let picture): render(picture)
      case .mark(let mark): pass(mark)
      }
    }
  }

  mutating func takeFrames() -> [FrameTrace] {
    defer { if frames != nil { frames = [] } }
    return frames ?? []
  }

  private mutating func resample(_ sound: TimedSound) -> [Item] {
    do throws(FFmpegError) {
      return try resampler(sound.slot).accept(sound).filter(isWanted).map(Item.sound)
    } catch {
      counters.add("\(sound.slot.name)_samples_failed", Int64(sound.samples.count))
      return []
    }
  }

  /// One for the whole source: an unbroken run goes through one filter, however many pieces it comes in.
  private mutating func resampler(_ slot: Slot) -> RunResampler {
    if let known = resampling[slot] { return known }
    let fresh = RunResampler(to: request.sampleRate)
    resampling[slot] = fresh
    return fresh
  }

  private func isWanted(_ run: AudioRun) -> Bool {
    let end = Instant(index: run.firstSample + Int64(run.samples.count), rate: Ratio(Int64(run.rate)))
    return epochStart + end.sinceZero > request.start
  }

  private mutating func render(_ picture: TimedPicture) -> [Item] {
    trace(picture)
    let wanted = picture.instants.filter { epochStart + $0.instant.sinceZero >= request.start }
    guard !wanted.isEmpty else { return [] }
    do throws(FFmpegError) {
      let frame = picture.image as? PictureFrame
      if frame?.isInterlaced ?? false { counters.add("\(picture.slot.name)_interlaced") }
      guard let image = try frame?.rgb(pictures, followsEXIF: request.followsEXIF) else {
        counters.add("\(picture.slot.name)_pictures_missing", Int64(wanted.count))
        return []
      }
      return wanted.map {
        .picture(
          Picture(slot: picture.slot, epoch: picture.epoch, instant: $0.instant, valid: $0.valid, image: image))
      }
    } catch {
      counters.add("\(picture.slot.name)_pictures_failed", Int64(wanted.count))
      return []
    }
  }

  private mutating func trace(_ picture: TimedPicture) {
    guard frames != nil, let image = picture.image as? PictureFrame else { return }
    do throws(FFmpegError) {
      frames!.append(
        FrameTrace(
          slot: picture.slot, epoch: picture.epoch, interval: picture.interval, pts: picture.pts, isKey: image.isKey,
          width: image.width, height: image.height, luma: try image.meanLuma(pictures)))
    } catch { counters.add("\(picture.slot.name)_pictures_failed") }
  }

  /// Marks keep their place behind the sound that is still in a resampler.
  private mutating func pass(_ mark: Mark) -> [Item] {
    switch mark {
    case .epoch(let epoch):
      hasOpenedEpoch = true
      epochStart = epoch.start
      self.epoch = epoch.index
      shown = [:]
      return [.mark(mark)]
    case .reached(let slot, let instant): return reach(slot, instant)
    case .closed(_, let end):
      self.end = epochStart + end.sinceZero
      let cues = takeCues(before: self.end)
      return cues + resampling.keys.sorted { $0.number < $1.number }.flatMap { flush($0) } + [.mark(mark)]
    case .cue(let cue): return readable(cue).map { [.mark(.cue($0))] } ?? []
    default: return [.mark(mark)]
    }
  }

  /// A cue that is no book, also with those that are shown already; nil where there is no room for any of it.
  private mutating func readable(_ cue: Cue) -> Cue? {
    var cue = cue
    let others = shown[cue.slot, default: []].filter { $0.interval.end > cue.interval.start }
    let room = Self.mostText - others.reduce(Self.cueSize) { $0 + $1.text.utf8.count + Self.cueSize }
    guard room >= Self.cueSize else {
      counters.add("\(cue.slot.name)_cues_left_out")
      return nil
    }
    if cue.text.utf8.count > room {
      counters.add("\(cue.slot.name)_cues_shortened")
      cue.text = String(decoding: cue.text.utf8.prefix(room - 4), as: UTF8.self)
    }
    shown[cue.slot] = others + [cue]
    return cue
  }

  /// Sound up to an instant, and the cues beside it that begin until then: they come before the window closes.
  private mutating func reach(_ slot: Slot, _ instant: Instant) -> [Item] {
    let cues = instant == .end ? [] : takeCues(before: epochStart + instant.sinceZero)
    guard let run = resampling[slot] else { return cues + [.mark(.reached(slot, instant))] }
    // The end, or the track is given up until then: the run is over.
    if instant == .end || run.end.map({ instant > $0 }) ?? false {
      return flush(slot) + cues + [.mark(.reached(slot, instant))]
    }
    return cues + [.mark(.reached(slot, min(instant, run.position ?? instant)))]
  }

  private mutating func takeCues(before position: TimeSpan) -> [Item] {
    let cues = sidecar?.take(before: position, epoch: epoch, epochStart: epochStart) ?? []
    return cues.compactMap { readable($0).map { .mark(.cue($0)) } }
  }

  private mutating func flush(_ slot: Slot) -> [Item] {
    do throws(FFmpegError) {
      return try resampling[slot]!.finish().filter(isWanted).map(Item.sound)
    } catch {
      counters.add("\(slot.name)_samples_failed")
      return []
    }
  }
}
