import Media

/// Puts placed content on the open epoch's timeline: what goes out.
struct Delivery {
  private let pictureRate: Ratio
  private let stillLength: TimeSpan
  private let isLive: Bool
  /// The next grid instant of each picture track.
  private var nextInstant: [Slot: Int64] = [:]
  private var output: [Timed] = []
  private(set) var counters = Counters()

  init(pictureRate: Ratio, stillLength: TimeSpan, isLive: Bool) {
    (self.pictureRate, self.stillLength, self.isLive) = (pictureRate, stillLength, isLive)
  }

  mutating func begin(_ epoch: Epoch) {
    nextInstant = [:]
    tell(.epoch(epoch))
  }

  mutating func tell(_ mark: Mark) { output.append(.mark(mark)) }

  mutating func take() -> [Timed] {
    defer { output = [] }
    return output
  }

  mutating func deliver(_ content: Content, of track: inout TrackClock, on line: EpochLine) {
    switch content {
    case .sound(let sound): deliver(sound, &track, line)
    case .picture(let picture): deliver(picture, &track, line)
    }
  }

  private mutating func deliver(_ sound: SoundClock.Placed, _ track: inout TrackClock, _ line: EpochLine) {
    guard let epoch = line.epoch else { return }
    let slot = track.slot
    let rate = Ratio(Int64(sound.rate))
    let base = line.instant(sound.anchor).nearestIndex(rate: rate)
    let snapped = (Instant(index: base, rate: rate) - line.instant(sound.anchor)).magnitude
    var timed = TimedSound(
      slot: slot, epoch: epoch.index, firstSample: base + sound.index, rate: sound.rate, samples: sound.samples)
    // Sound that another stretch already filled is trimmed; sound whose windows are gone is lost and counted.
    let border = max(track.end ?? .zero, track.floor)
    let overlap = min(max(0, border.nearestIndex(rate: rate) - timed.firstSample), Int64(timed.samples.count))
    if overlap > 0 {
      counters.add(
        track.floor > (track.end ?? .zero) ? "\(slot.name)_late_samples" : "\(slot.name)_overlapped_samples",
        overlap)
      timed.samples.removeFirst(Int(overlap))
      timed.firstSample += overlap
    }
    guard !timed.samples.isEmpty else { return }
    let interval = timed.interval
    tell(
      .covered(
        Coverage(
          slot: slot, epoch: timed.epoch, interval: interval, pts: track.raw(interval.start.sinceZero + line.zero),
          timeBase: track.timing.timeBase, halfWidth: sound.halfWidth + snapped, isInferred: sound.isInferred,
          sampleLength: TimeSpan(ticks: 1, rate.inverse))))
    output.append(.sound(timed))
    track.end = interval.end
    track.reached = interval.end
  }

  private mutating func deliver(_ picture: PictureClock.Placed, _ track: inout TrackClock, _ line: EpochLine) {
    guard let epoch = line.epoch else { return }
    let slot = track.slot
    let isStill = picture.end == picture.start
    let length = isStill ? stillLength : picture.end - picture.start
    let start = line.instant(picture.start)
    let interval = Interval(start, start + length)
    let validEnd = isStill ? interval.end : line.instant(picture.validUntil)
    guard interval.end > track.floor else {
      counters.add("\(slot.name)_late_frames")
      return
    }
    let pts = picture.pts.map { track.raw(stamp: $0) }
    tell(
      .covered(
        Coverage(
          slot: slot, epoch: epoch.index, interval: Interval(start, validEnd), pts: pts,
          timeBase: track.timing.timeBase, halfWidth: picture.halfWidth, isInferred: picture.isInferred,
          sampleLength: .zero)))
    let told = isLive ? track.floor : Instant.zero
    let instants = takeInstants(slot, in: interval, validEnd).filter { $0.instant >= told }
    for (instant, _) in instants {
      tell(
        .shown(
          ShownFrame(
            slot: slot, epoch: epoch.index, instant: instant, pts: pts, timeBase: track.timing.timeBase,
            start: start, halfWidth: picture.halfWidth, isInferred: picture.isInferred)))
    }
    output.append(
      .picture(
        TimedPicture(
          slot: slot, epoch: epoch.index, interval: interval, pts: pts, isInferred: picture.isInferred,
          image: picture.image, instants: instants)))
    track.end = interval.end
    track.reached = interval.end
  }

  private mutating func takeInstants(
    _ slot: Slot, in interval: Interval, _ validEnd: Instant
  ) -> [(instant: Instant, valid: Float)] {
    var number = max(nextInstant[slot] ?? 0, interval.start.firstIndex(rate: pictureRate))
    var instants: [(Instant, Float)] = []
    while true {
      let instant = Instant(index: number, rate: pictureRate)
      guard instant < interval.end else { break }
      instants.append((instant, instant < validEnd ? 1 : 0))
      number += 1
    }
    nextInstant[slot] = number
    return instants
  }
}
