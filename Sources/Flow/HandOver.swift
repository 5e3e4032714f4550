package import Media

/// What a source gave at once, and when that was by the monotonic clock.
package struct HandOver: Sendable {
  package var items: [Item]
  package var arrived: Duration

  package init(items: [Item], arrived: Duration) {
    self.items = items
    self.arrived = arrived
  }

  /// What it weighs on its way to the encoders.
  package var byteCount: Int { items.reduce(0) { $0 + $1.byteCount } }
}

extension Item {
  /// What it weighs on its way to Encode.
  package var byteCount: Int {
    switch self {
    case .sound(let run): run.samples.count * 4
    case .picture(let picture): picture.image.pixels.count
    case .mark(.cue(let cue)): 64 + cue.text.utf8.count
    case .mark: 64
    }
  }

  /// The stretch of an epoch that it says something about, for windows; nil for what stands for no content.
  var stretch: (epoch: Int32, interval: Interval)? {
    switch self {
    case .sound(let run):
      let rate = Ratio(Int64(run.rate))
      let end = run.firstSample + Int64(run.samples.count)
      return (run.epoch, Interval(Instant(index: run.firstSample, rate: rate), Instant(index: end, rate: rate)))
    case .picture(let picture): return (picture.epoch, Interval(picture.instant, picture.instant))
    case .mark(.covered(let coverage)): return (coverage.epoch, coverage.interval)
    case .mark(.shown(let frame)): return (frame.epoch, Interval(frame.instant, frame.instant))
    case .mark(.cue(let cue)): return (cue.epoch, cue.interval)
    case .mark: return nil
    }
  }

  var isContent: Bool {
    if case .mark = self { return false }
    return true
  }
}
