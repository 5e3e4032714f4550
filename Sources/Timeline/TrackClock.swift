import Media

/// One selected track on its way to the timeline: its clock, and what waits for the epoch's zero.
struct TrackClock {
  let slot: Slot
  let timing: TrackTiming
  var unwrapper: Unwrapper
  var clock: Clock
  /// Placed in source time, waiting for the epoch's zero.
  var waiting: [Content] = []
  /// Delivered up to here, on the epoch's timeline.
  var reached = Instant.zero
  /// Content before this comes too late: its windows are gone.
  var floor = Instant.zero
  /// End of the last content of the epoch.
  var end: Instant?
  var hasEnded = false
  /// Its content lies beyond the reach of the open epoch.
  var isDistant = false
  /// Whether what comes out of its decoder is on the clock of the sender's reports.
  var speaksReported = true
  /// It has left its line, and the others go on.
  private(set) var departure: Departure?
  /// What puts it beside the others where its stamps do not.
  private var repair: Repair?
  /// Where it and the others stood when it was last placed.
  private var together: (own: TimeSpan, others: TimeSpan)?
  /// How much was rejected since then.
  private var rejected = TimeSpan.zero
  private var repairs: Int64 = 0
  /// The furthest stamp read so far, in source time.
  private var sighted: TimeSpan?
  private var implausible: Int64 = 0

  /// How far the other tracks are, in source time, and how far apart their contents are.
  struct Others {
    var position: TimeSpan
    var interval: TimeSpan
  }

  enum Clock {
    case sound(SoundClock)
    case picture(PictureClock)
  }

  enum Content {
    case sound(SoundClock.Placed)
    case picture(PictureClock.Placed)

    var start: TimeSpan {
      switch self {
      case .sound(let sound): sound.start
      case .picture(let picture): picture.start
      }
    }
  }

  init(_ slot: Slot, _ timing: TrackTiming) {
    self.slot = slot
    self.timing = timing
    unwrapper = Unwrapper(bits: timing.wrapBits)
    clock = slot.modality == .audio ? .sound(SoundClock(timing)) : .picture(PictureClock(timing))
  }

  var isJumped: Bool {
    switch clock {
    case .sound(let clock): clock.isJumped
    case .picture(let clock): clock.isJumped
    }
  }

  /// Source time up to which the track has spoken.
  var position: TimeSpan? {
    let position =
      switch clock {
      case .sound(let clock): clock.position
      case .picture(let clock): clock.position
      }
    return position.map { $0 + shift }
  }

  /// Source time at which its content at the new place begins, while it is jumped.
  var jumpTarget: TimeSpan? {
    let target =
      switch clock {
      case .sound(let clock): clock.jumpTarget
      case .picture(let clock): clock.jumpTarget
      }
    return target.map { $0 + shift }
  }

  /// A stamp disagrees with its line, and no second has told yet.
  private var isInDispute: Bool {
    switch clock {
    case .sound(let clock): clock.isInDispute
    case .picture(let clock): clock.isInDispute
    }
  }

  /// How much of it has come there.
  private var jumpLength: TimeSpan {
    switch clock {
    case .sound(let clock): clock.jumpLength
    case .picture(let clock): clock.jumpLength
    }
  }

  /// How far apart its contents usually are.
  var interval: TimeSpan {
    switch clock {
    case .sound: .zero
    case .picture(let clock): clock.interval
    }
  }

  private var shift: TimeSpan { repair?.shift ?? .zero }

  /// Source time of a straightened stamp.
  func time(_ stamp: Int64) -> TimeSpan { TimeSpan(ticks: stamp, timing.timeBase) + timing.shift + shift }

  /// What comes next has no place in the open epoch.
  var isAway: Bool { isJumped || isDistant }

  /// The stamp, unless it lies so far away that it can only be damaged: then it counts as rejected.
  mutating func plausible(_ stamp: Int64?) -> Int64? {
    guard let stamp, TimeSpan(ticks: stamp, timing.timeBase).magnitude > Self.furthest else { return stamp }
    implausible += 1
    return nil
  }

  /// A hundred years.
  private static let furthest = TimeSpan(seconds: 3_155_760_000)

  /// A packet of the track was read, decoded or not.
  mutating func sight(_ pts: Int64) {
    sighted = max(sighted ?? time(pts), time(pts))
  }

  /// Nothing has come yet: as if it began here.
  mutating func forgetContent() {
    waiting = []
    clock = slot.modality == .audio ? .sound(SoundClock(timing)) : .picture(PictureClock(timing))
    forgetReach()
  }

  /// The epoch is over: how far tracks reach is seen anew.
  mutating func forgetReach() { (sighted, isDistant, departure, together) = (nil, false, nil, nil) }

  /// Whether the track goes on up to a source time of the open epoch: by what was delivered of it, or, as long as
  /// nothing was, by what was read.
  func spans(_ time: TimeSpan, _ zero: TimeSpan) -> Bool {
    if let end { return zero + end.sinceZero >= time }
    let begins = waiting.first.map { $0.start < time } ?? false
    return begins && sighted.map { $0 >= time } ?? false
  }

  /// - Parameter others: how far the other tracks are; nil where there is none, or none has spoken.
  mutating func accept(_ sound: DecodedSound, beside others: Others?) {
    guard case .sound(var clock) = clock else { return }
    let verdict = clock.accept(sound)
    self.clock = .sound(clock)
    if let others { stand(beside: others) }
    if case .placed(let placed) = verdict { wait(placed) }
  }

  /// - Parameter others: how far the other tracks are; nil where there is none, or none has spoken.
  mutating func accept(_ picture: DecodedPicture, beside others: Others?) {
    guard case .picture(var clock) = clock else { return }
    let verdict = clock.accept(picture)
    self.clock = .picture(clock)
    if case .placed(let placed) = verdict { wait(placed) }  // those before the one that is held now
    if let others { stand(beside: others) }
  }

  /// - Parameter limit: how far the other tracks reach, in source time.
  mutating func flush(limit: TimeSpan?) {
    switch clock {
    case .sound(var clock):
      wait(clock.flush())
      self.clock = .sound(clock)
    case .picture(var clock):
      wait(clock.flush(limit: limit.map { $0 - shift }))
      self.clock = .picture(clock)
    }
  }

  /// The others jumped too: goes on from the new place, if it had one, and by its own stamps again.
  mutating func confirmJump() {
    if isJumped { repair = nil }
    goOn()
  }

  private mutating func goOn() {
    switch clock {
    case .sound(var clock):
      wait(clock.confirmJump())
      self.clock = .sound(clock)
    case .picture(var clock):
      wait(clock.confirmJump())
      self.clock = .picture(clock)
    }
  }

  // MARK: Alone

  /// It has spoken: does it stand beside the others, or has it left them?
  private mutating func stand(beside others: Others) {
    if let target = jumpTarget {
      if departure?.isKept(by: target, others: others.position) != true {
        departure = Departure(to: target, others: others.position)
      }
    } else if let position, position != together?.own, !isInDispute {
      if let together, let departure {
        // Stamps that were set back come to where the line once ended, and are none of its.
        if departure.isContinued(by: position, ratherThan: together.own + rejected) {
          mend(from: departure.beginning, to: position, others, isFlowing: false)
        }
      } else if let together, let repair {
        // A clock that is set again may look like a hole.
        let step = position - together.own
        if Repair.isNeeded(slip: others.position - together.others - step, interval: others.interval) {
          if repair.isUndone(by: step) {
            self.repair = nil
          } else {
            mend(from: together.own, to: position, others, isFlowing: true)
          }
        }
      }
      rejected = .zero
      (together, departure) = (self.position.map { ($0, others.position) }, nil)
    }
  }

  /// It has jumped, and the others did not: an outlier, unless it has kept to its new place for long.
  /// - Returns: whether it goes on there.
  mutating func settleAlone(beside others: Others) -> Bool {
    guard let target = jumpTarget, let departure, departure.isLasting(others: others.position), together != nil else {
      let length = jumpLength
      if let target = jumpTarget { departure?.reject(at: target, length: length, others: others.position) }
      rejected += length
      rejectJump()
      return false
    }
    flush(limit: nil)
    mend(from: departure.beginning, to: target, others, isFlowing: true)
    self.departure = nil
    goOn()
    return true
  }

  /// From here on it stands beside the others again.
  /// - Parameters:
  ///   - beginning: where its new line began.
  ///   - own: how far it has come on that.
  ///   - isFlowing: no packets were held in the meantime.
  private mutating func mend(from beginning: TimeSpan, to own: TimeSpan, _ others: Others, isFlowing: Bool) {
    guard let together else { return }
    repair = Repair(
      step: beginning - together.own, slip: (others.position - together.others) - (own - beginning),
      isFlowing: isFlowing, interval: others.interval
    ).after(repair)
    repairs += 1
  }

  private mutating func rejectJump() {
    switch clock {
    case .sound(var clock):
      clock.rejectJump()
      self.clock = .sound(clock)
    case .picture(var clock):
      clock.rejectJump()
      self.clock = .picture(clock)
    }
  }

  func addCounters(to counters: inout Counters) {
    counters.add("\(slot.name)_stamps_rejected", implausible)
    counters.add("\(slot.name)_clock_mended", repairs)
    switch clock {
    case .sound(let clock):
      counters.add("\(slot.name)_stamps_rejected", Int64(clock.outliers))
      counters.add("\(slot.name)_samples_not_finite", Int64(clock.notFinite))
    case .picture(let clock):
      counters.add("\(slot.name)_stamps_rejected", Int64(clock.outliers))
      counters.add("\(slot.name)_stamps_irregular", Int64(clock.irregular))
    }
  }

  /// Native stamp of a source time.
  func raw(_ time: TimeSpan) -> Int64 { raw(stamp: (time - timing.shift - shift).ticks(timing.timeBase)) }

  /// A straightened stamp as the source has it.
  func raw(stamp: Int64) -> Int64 {
    unwrapper.raw(timing.needsReports && isReported(stamp) ? stamp - reportedTicks : stamp)
  }

  /// A stamp that the sender's reports have put on one clock, moved to where no other lies.
  func reported(_ stamp: Int64) -> Int64 { timing.needsReports ? stamp + reportedTicks : stamp }

  func isReported(_ stamp: Int64) -> Bool { !timing.needsReports || stamp >= reportedTicks / 2 }

  private var reportedTicks: Int64 { ReportedTime.distance.ticks(timing.timeBase) }

  private mutating func wait(_ sounds: [SoundClock.Placed]) {
    waiting += sounds.compactMap { trimmed($0).map { .sound(repair?.mended($0) ?? $0) } }
  }

  private mutating func wait(_ pictures: [PictureClock.Placed]) {
    waiting += pictures.compactMap { trimmed($0).map { .picture(repair?.mended($0) ?? $0) } }
  }

  /// The part that the edit list presents, in whole samples; nil when nothing is left.
  private func trimmed(_ sound: SoundClock.Placed) -> SoundClock.Placed? {
    var sound = sound
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

  /// A frame that straddles a trim is presented from the trim.
  private func trimmed(_ picture: PictureClock.Placed) -> PictureClock.Placed? {
    var picture = picture
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

/// Stamps on the clock of the sender's reports lie thirty years behind all others: whatever a decoder still held
/// when the reports came stays apart from them.
enum ReportedTime {
  static let distance = TimeSpan(seconds: 946_728_000)

  static func holds(_ time: TimeSpan) -> Bool { time.flicks >= distance.flicks / 2 }
}
