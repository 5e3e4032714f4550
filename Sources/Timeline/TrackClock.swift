import Media

/// One selected track on its way to the timeline: its clock, and what waits for the epoch's zero.
struct TrackClock {
  let slot: Slot
  let timing: TrackTiming
  var unwrapper: Unwrapper
  private var clock: any ContentClock
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
  private var standing = Standing()
  /// The furthest stamp read so far, in source time.
  private var sighted: TimeSpan?
  private var implausible: Int64 = 0

  init(_ slot: Slot, _ timing: TrackTiming) {
    self.slot = slot
    self.timing = timing
    unwrapper = Unwrapper(bits: timing.wrapBits)
    clock = Self.clock(slot, timing)
  }

  private static func clock(_ slot: Slot, _ timing: TrackTiming) -> any ContentClock {
    slot.modality == .audio ? SoundClock(timing) : PictureClock(timing)
  }

  var isJumped: Bool { clock.isJumped }

  /// Source time up to which the track has spoken.
  var position: TimeSpan? { clock.position.map { $0 + standing.shift } }

  /// How far apart its contents usually are.
  var interval: TimeSpan { clock.interval }

  /// Source time of a straightened stamp.
  func time(_ stamp: Int64) -> TimeSpan { TimeSpan(ticks: stamp, timing.timeBase) + timing.shift + standing.shift }

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
    clock = Self.clock(slot, timing)
    forgetReach()
  }

  /// The epoch is over: how far tracks reach is seen anew.
  mutating func forgetReach() {
    (sighted, isDistant) = (nil, false)
    standing.forgetOthers()
  }

  /// Whether the track goes on up to a source time of the open epoch: by what was delivered of it, or, as long as
  /// nothing was, by what was read.
  func spans(_ time: TimeSpan, _ zero: TimeSpan) -> Bool {
    if let end { return zero + end.sinceZero >= time }
    let begins = waiting.first.map { $0.start < time } ?? false
    return begins && sighted.map { $0 >= time } ?? false
  }

  /// For tracks without presentation stamps: pictures come out in the order of these.
  mutating func noteDecodeStamp(_ dts: Int64) {
    guard var clock = clock as? PictureClock else { return }
    clock.noteDecodeStamp(dts)
    self.clock = clock
  }

  /// How far the track has come. One that stays silent for longer than the longest hole while another goes on is
  /// masked, and so is one that has not come to where it was expected.
  mutating func reach(expected: Instant, furthest: Instant) -> Instant {
    var instant = hasEnded && waiting.isEmpty && !isJumped ? Instant.end : reached
    if isDistant { instant = furthest }  // nothing of it before that, but no window exists for its sake
    let silent = max(furthest - Jump.longestHole, isDistant ? .zero : expected, floor)
    guard instant < silent else { return instant }
    floor = silent
    return silent
  }

  /// - Parameter others: nil where there are none, or none has spoken.
  mutating func accept(_ sound: DecodedSound, beside others: Others?) {
    guard var clock = clock as? SoundClock else { return }
    let verdict = clock.accept(sound)
    self.clock = clock
    if let others { stand(beside: others) }
    if case .placed(let placed) = verdict { wait(placed.map(Content.sound)) }
  }

  /// - Parameter others: nil where there are none, or none has spoken.
  mutating func accept(_ picture: DecodedPicture, beside others: Others?) {
    guard var clock = clock as? PictureClock else { return }
    let verdict = clock.accept(picture)
    self.clock = clock
    if case .placed(let placed) = verdict { wait(placed.map(Content.picture)) }  // those before the one held now
    if let others { stand(beside: others) }
  }

  /// - Parameter limit: how far the other tracks reach, in source time.
  mutating func flush(limit: TimeSpan?) { wait(clock.flush(limit: limit.map { $0 - standing.shift })) }

  /// The others jumped too: goes on from the new place, if it had one, and by its own stamps again.
  mutating func confirmJump() {
    if isJumped { standing.forgetRepair() }
    wait(clock.confirmJump())
  }

  private mutating func wait(_ content: [Content]) {
    waiting += content.compactMap { one in
      one.presented(timing).map { presented in standing.repair.map { presented.mended(by: $0) } ?? presented }
    }
  }

  // MARK: Alone

  /// It has left its line, and the others go on.
  var departure: Departure? { standing.departure }

  /// It has spoken: does it stand beside the others, or has it left them?
  private mutating func stand(beside others: Others) {
    if let place = clock.jumpTarget {
      standing.leave(to: place, others)
    } else if let position = clock.position, !clock.isInDispute {
      standing.arrive(at: position, others)
    }
  }

  /// It has jumped, and the others did not: an outlier, unless it has kept to its new place for long. Then it goes on
  /// there.
  mutating func settleAlone(beside others: Others) {
    let (place, length) = (clock.jumpTarget, clock.jumpLength)
    if let place, standing.isLasting(others) {
      flush(limit: nil)
      standing.settle(at: place, others)
      wait(clock.confirmJump())
    } else {
      standing.reject(at: place, length: length, others)
      clock.rejectJump()
    }
  }

  /// Whether the others have been silent while it went on at its new place.
  func isForsaken(by others: Others?) -> Bool {
    guard let departure, let place = clock.jumpTarget, let others else { return true }
    return departure.isForsaken(at: place + standing.shift, others: others.position, interval: others.interval)
  }

  func addCounters(to counters: inout Counters) {
    counters.add("\(slot.name)_stamps_rejected", implausible)
    counters.add("\(slot.name)_clock_mended", standing.repairs)
    clock.addCounters(to: &counters, slot.name)
  }

  // MARK: Stamps

  /// Native stamp of a source time.
  func raw(_ time: TimeSpan) -> Int64 { raw(stamp: (time - timing.shift - standing.shift).ticks(timing.timeBase)) }

  /// A straightened stamp as the source has it.
  func raw(stamp: Int64) -> Int64 {
    unwrapper.raw(timing.needsReports && isReported(stamp) ? stamp - reportedTicks : stamp)
  }

  /// A stamp that the sender's reports have put on one clock, moved to where no other lies.
  func reported(_ stamp: Int64) -> Int64 { timing.needsReports ? stamp + reportedTicks : stamp }

  func isReported(_ stamp: Int64) -> Bool { !timing.needsReports || stamp >= reportedTicks / 2 }

  private var reportedTicks: Int64 { ReportedTime.distance.ticks(timing.timeBase) }
}

/// Stamps on the clock of the sender's reports lie thirty years behind all others: whatever a decoder still held
/// when the reports came stays apart from them.
enum ReportedTime {
  static let distance = TimeSpan(seconds: 946_728_000)

  static func holds(_ time: TimeSpan) -> Bool { time.flicks >= distance.flicks / 2 }
}
