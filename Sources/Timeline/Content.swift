import Media

/// A stretch of one track, placed on the source's own time.
enum Content {
  case sound(SoundClock.Placed)
  case picture(PictureClock.Placed)

  var start: TimeSpan {
    switch self {
    case .sound(let sound): sound.start
    case .picture(let picture): picture.start
    }
  }

  /// The part that the edit list presents; nil when nothing is left.
  func presented(_ timing: TrackTiming) -> Content? {
    switch self {
    case .sound(let sound): sound.presented(timing).map(Content.sound)
    case .picture(let picture): picture.presented(timing).map(Content.picture)
    }
  }

  func mended(by repair: Repair) -> Content {
    switch self {
    case .sound(let sound): .sound(repair.mended(sound))
    case .picture(let picture): .picture(repair.mended(picture))
    }
  }
}

extension SoundClock.Placed {
  /// In whole samples.
  fileprivate func presented(_ timing: TrackTiming) -> Self? {
    var sound = self
    let rate = Ratio(1, Int64(sound.rate)).inverse
    func index(_ time: TimeSpan) -> Int64 { (time - sound.anchor).ticks(rate.inverse) }
    if let from = timing.presentedFrom {
      let cut = min(max(0, index(from) - sound.index), Int64(sound.samples.count))
      sound.samples.removeFirst(Int(cut))
      sound.index += cut
    }
    if let until = timing.presentedUntil {
      let kept = max(0, index(until) - sound.index)
      if kept < Int64(sound.samples.count) { sound.samples.removeLast(sound.samples.count - Int(kept)) }
    }
    return sound.samples.isEmpty ? nil : sound
  }
}

extension PictureClock.Placed {
  /// A frame that straddles a trim is presented from the trim.
  fileprivate func presented(_ timing: TrackTiming) -> Self? {
    var picture = self
    if let from = timing.presentedFrom { picture.start = max(picture.start, from) }
    if let until = timing.presentedUntil {
      picture.end = min(picture.end, until)
      picture.validUntil = min(picture.validUntil, until)
    }
    // A picture of no length is a still's: its owner gives it one.
    let isStill = picture.end == picture.start && timing.presentedFrom == nil
    return picture.end > picture.start || isStill ? picture : nil
  }
}
