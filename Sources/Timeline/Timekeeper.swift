package import Media

/// The door of this target: decoded samples in, content on exact time out.
///
/// Source time runs in the tracks' own stamps. An epoch's zero is the earliest presented instant of any of its
/// tracks, so an epoch opens only when each track has shown its first content, or plainly has none.
package struct Timekeeper {
  private var tracks: [TrackClock]
  private let pictureRate: Ratio
  private let stillLength: TimeSpan
  private var epoch: Epoch?
  /// Source time of the epoch's zero.
  private var zero = TimeSpan.zero
  private var nextEpoch = NextEpoch()
  /// The next grid instant of each picture track.
  private var nextInstant: [Slot: Int64] = [:]
  private var cues: CueQueue
  /// Live only: when a window stops waiting for a track.
  private var lateness: Lateness?
  /// RTP only: whether the sender's reports have put the tracks on one clock; believed until a packet has none.
  private var isLocked = true
  /// Wall minus source time, by which a continued source's gap is known.
  private var wallOffset: TimeSpan?
  private var output: [Timed] = []
  private(set) package var counters = Counters()

  /// - Parameters:
  ///   - timings: the selected tracks of the source.
  ///   - stillLength: how long a picture without any duration stays: one window.
  ///   - jitterWait: live only: how long a track is waited for after another has passed.
  ///   - continuation: where an earlier reading of the source ended.
  package init(
    _ timings: [(slot: Slot, timing: TrackTiming)], pictureRate: Ratio, stillLength: TimeSpan,
    jitterWait: TimeSpan? = nil, continuation: Continuation? = nil
  ) {
    lateness = jitterWait.map(Lateness.init)
    if let continuation { nextEpoch = NextEpoch(continuation) }
    tracks = timings.filter { $0.slot.modality != .text }.map { TrackClock($0.slot, $0.timing) }
    cues = CueQueue(timings.filter { $0.slot.modality == .text })
    self.pictureRate = pictureRate
    self.stillLength = stillLength
  }

  // MARK: Before decoding

  /// Straightens a packet's stamps; call once per packet, in file order.
  package mutating func unwrap(_ slot: Slot, pts: Int64?, dts: Int64?) -> (pts: Int64?, dts: Int64?) {
    guard let n = index(slot) else { return (pts, dts) }
    let (pts, dts) = (tracks[n].plausible(pts), tracks[n].plausible(dts))
    for other in tracks where other.timing.timeBase == tracks[n].timing.timeBase {
      tracks[n].unwrapper.begin(near: other.unwrapper)
    }
    if let pts {
      let straight = tracks[n].unwrapper.unwrap(pts)
      tracks[n].sight(straight)
      return (placed(straight, n), dts.map { placed(tracks[n].unwrapper.straighten($0), n) })
    }
    return (nil, dts.map { placed(tracks[n].unwrapper.unwrap($0), n) })
  }

  private func placed(_ stamp: Int64, _ n: Int) -> Int64 { isLocked ? tracks[n].reported(stamp) : stamp }

  /// Tells that a packet goes into the decoder: pictures without stamps take their order from these.
  package mutating func noteDecodeStamp(_ slot: Slot, _ dts: Int64) {
    guard let n = index(slot), case .picture(var clock) = tracks[n].clock else { return }
    clock.noteDecodeStamp(dts)
    tracks[n].clock = .picture(clock)
  }

  /// Whether the track has said enough until the others have spoken: hold its packets back meanwhile.
  package func isWaiting(_ slot: Slot) -> Bool {
    guard let n = index(slot) else { return false }
    return tracks[n].isJumped || (epoch == nil || tracks[n].isDistant) && !tracks[n].waiting.isEmpty
  }

  /// Whether an instant of the grid may fall on a picture shown from `pts` until before `next`.
  package func needsPicture(_ slot: Slot, from pts: Int64, until next: Int64) -> Bool {
    guard let epoch, let n = index(slot), !isAstray(slot) else { return true }
    guard tracks[n].isReported(pts) == epoch.isLocked || !tracks[n].timing.needsReports else { return true }
    let (start, end) = (tracks[n].time(pts) - zero, tracks[n].time(next) - zero)
    let first = Instant(flicks: start.flicks).firstIndex(rate: pictureRate)
    return Instant(index: first, rate: pictureRate) < Instant(flicks: end.flicks) || start < .zero
  }

  /// Where in the source a stamp lies; nil before the first epoch has opened.
  package func position(_ slot: Slot, _ pts: Int64) -> TimeSpan? {
    guard let epoch, let n = index(slot), !isAstray(slot) else { return nil }
    return epoch.start + tracks[n].time(pts) - zero
  }

  // MARK: Live

  /// Whether the sender's reports of all tracks have come: the stamps of the packets from here on stand on one
  /// clock, those before on none, or the other way round. They begin an epoch of their own; what was never told is
  /// dropped.
  package mutating func setLocked(_ isLocked: Bool) {
    guard self.isLocked != isLocked else { return }
    self.isLocked = isLocked
    guard epoch == nil else { return }
    for n in tracks.indices {
      counters.add("\(tracks[n].slot.name)_before_reports", Int64(tracks[n].waiting.count))
      tracks[n].forgetContent()
    }
  }

  /// How long has been waited for the source so far: closes windows that have waited for a track long enough.
  package mutating func passTime(_ waited: TimeSpan) -> [Timed] {
    let furthest = furthest
    lateness?.pass(waited, furthest: furthest)
    if epoch != nil { reach() }
    return takeOutput()
  }

  /// Tells what our own clock on the wall said at source time zero, since 1970.
  package mutating func noteWall(_ offset: TimeSpan) { wallOffset = offset }

  /// Source time of a straightened stamp.
  package func sourceTime(_ slot: Slot, _ pts: Int64) -> TimeSpan? {
    index(slot).map { tracks[$0].time(pts) }
  }

  /// Whether the track's stamps stand apart from the others' at the moment: then they tell no time.
  package func isAstray(_ slot: Slot) -> Bool {
    index(slot).map { tracks[$0].isJumped || tracks[$0].departure != nil } ?? false
  }

  /// The open epoch and the source time of its zero, if it is the one that a source time belongs to.
  package func epoch(around time: TimeSpan) -> (index: Int32, zero: TimeSpan)? {
    guard let epoch, (time - zero - furthest.sinceZero).magnitude <= Jump.longestHole else { return nil }
    return (epoch.index, zero)
  }

  /// Whether content has a place: what a decoder held back while the clock changed has one only in an open epoch.
  private mutating func takes(_ pts: Int64?, _ n: Int) -> Bool {
    guard tracks[n].timing.needsReports else { return true }
    if let pts { tracks[n].speaksReported = tracks[n].isReported(pts) }
    if tracks[n].speaksReported == isLocked || epoch?.isLocked == tracks[n].speaksReported { return true }
    counters.add("\(tracks[n].slot.name)_before_reports")
    return false
  }

  // MARK: Decoded samples

  package mutating func accept(_ sound: DecodedSound, _ slot: Slot) -> [Timed] {
    if sound.isCorrupt { counters.add("\(slot.name)_corrupt") }
    if let n = index(slot), takes(sound.pts, n) {
      tracks[n].accept(sound, beside: others(beside: n))
    }
    return advance()
  }

  package mutating func accept(_ picture: DecodedPicture, _ slot: Slot) -> [Timed] {
    if picture.isCorrupt { counters.add("\(slot.name)_corrupt") }
    if let n = index(slot), takes(picture.pts, n) {
      tracks[n].accept(picture, beside: others(beside: n))
    }
    return advance()
  }

  package mutating func accept(_ cue: DecodedCue, _ slot: Slot) -> [Timed] {
    cues.add(cue, slot)
    deliverCues()
    return takeOutput()
  }

  /// No more of this track comes.
  package mutating func end(_ slot: Slot) -> [Timed] {
    guard let n = index(slot) else { return [] }
    let others = tracks.filter { $0.slot != slot }
    tracks[n].flush(limit: others.isEmpty ? nil : others.lazy.compactMap { $0.position }.max() ?? .zero)
    tracks[n].hasEnded = true
    return advance()
  }

  /// The source is over: everything held is placed and the epoch closed.
  package mutating func finish() -> [Timed] {
    var timed: [Timed] = []
    for slot in tracks.filter({ !$0.hasEnded }).map(\.slot) { timed += end(slot) }
    while isSomeAway {
      startNextEpoch()
      for n in tracks.indices { tracks[n].flush(limit: nil) }
      advanceOnce(force: true)
    }
    advanceOnce(force: true)
    close()
    counters.add(cues.finish())
    for track in tracks { track.addCounters(to: &counters) }
    return timed + takeOutput()
  }

  /// Why nobody waits any longer for a track that stays silent.
  package enum Impatience {
    /// All has been read.
    case over
    /// Too much is held back.
    case full
    /// Live: it has been waited for long enough.
    case tired
  }

  /// Goes on without waiting for a track that stays silent. What has jumped alone or lies beyond the reach of the
  /// epoch begins its own when all has been read. Before that the one is an outlier if others go on, the other given
  /// up.
  package mutating func stopWaiting(_ reason: Impatience) -> [Timed] {
    if reason == .over {
      if isSomeAway { startNextEpoch() }
    } else if tracks.contains(where: \.isJumped) {
      settle(reason)
    } else {
      for n in tracks.indices where tracks[n].isDistant {
        counters.add("\(tracks[n].slot.name)_unplaced", Int64(tracks[n].waiting.count))
        tracks[n].waiting = []
      }
    }
    advanceOnce(force: true)
    return takeOutput()
  }

  // MARK: Epochs

  private mutating func advance() -> [Timed] {
    settleJumps()
    advanceOnce(force: false)
    return takeOutput()
  }

  private mutating func advanceOnce(force: Bool) {
    if epoch == nil { open(force: force) }
    guard epoch != nil else { return }
    var spoken: [Int] = []
    for n in tracks.indices {
      tracks[n].isDistant = tracks[n].waiting.first.map { isBeyondReach($0.start) } ?? false
      if tracks[n].isDistant { continue }
      let waiting = tracks[n].waiting
      tracks[n].waiting = []
      for content in waiting { deliver(content, n) }
      if !waiting.isEmpty { spoken.append(n) }
    }
    deliverCues()
    let furthest = furthest
    for n in spoken { lateness?.note(tracks[n].slot, reached: tracks[n].reached, furthest: furthest) }
    reach()
  }

  /// A jump of all tracks that still speak begins a new epoch; one that the others do not follow is rejected.
  private mutating func settleJumps() {
    guard isSomeAway else { return }
    let others = tracks.filter { !$0.isAway && !$0.hasEnded }
    guard !others.isEmpty else { return startNextEpoch() }
    let haveGoneOn = others.allSatisfy { hasGoneOn($0) }
    for n in tracks.indices where isAlone(n) {
      if isKnown(n) ? !isForsaken(n) : haveGoneOn { settleAlone(n) }
    }
  }

  /// Nobody waits any longer for the others of tracks that have jumped.
  private mutating func settle(_ reason: Impatience) {
    let alone = tracks.indices.filter { isAlone($0) }
    let areActive = alone.allSatisfy { progress(beside: $0) >= (isKnown($0) ? TimeSpan(flicks: 1) : Self.activity) }
    let interval = alone.first.flatMap { others(beside: $0)?.interval } ?? .zero
    if alone.isEmpty || !areActive && (reason == .full || interval <= Self.activity) {
      startNextEpoch()
    } else if areActive {
      for n in alone { settleAlone(n) }
    }
  }

  /// Whoever gains as much while a track waits for it still speaks; more than decoders hold back.
  private static let activity = TimeSpan(seconds: 1)

  private mutating func settleAlone(_ n: Int) {
    guard let others = others(beside: n) else { return }
    _ = tracks[n].settleAlone(beside: others)
  }

  /// Whether a track has jumped by its stamps alone. One that the sender's reports have moved waits for the others.
  private func isAlone(_ n: Int) -> Bool {
    tracks[n].isJumped
      && (!tracks[n].timing.needsReports || epoch == nil || tracks[n].speaksReported == epoch?.isLocked)
  }

  /// Whether it was rejected at its place before: that needs no second thought, as long as the others speak.
  private func isKnown(_ n: Int) -> Bool { tracks[n].departure?.isRejected ?? false }

  private func isForsaken(_ n: Int) -> Bool {
    guard let departure = tracks[n].departure, let target = tracks[n].jumpTarget, let others = others(beside: n) else {
      return true
    }
    return departure.isForsaken(at: target, others: others.position, interval: others.interval)
  }

  /// How far the others have gone on since they were last seen to.
  private func progress(beside n: Int) -> TimeSpan {
    guard let departure = tracks[n].departure, let others = others(beside: n) else { return .zero }
    return departure.progress(of: others.position)
  }

  /// The track has gone on for longer than tracks are interleaved since the first other one jumped.
  private func hasGoneOn(_ track: TrackClock) -> Bool {
    let jumped = tracks.lazy.filter { $0.isJumped }.compactMap { $0.position }.max() ?? .zero
    return (track.position ?? jumped) > jumped + Jump.interleaving
  }

  /// The tracks beside one that go on in the open epoch; nil where there is none, or none has spoken.
  private func others(beside n: Int) -> TrackClock.Others? {
    let others = tracks.indices.filter { other in
      other != n && !tracks[other].isAway && !tracks[other].hasEnded && tracks[other].departure == nil
    }
    return others.compactMap { tracks[$0].position }.max().map { position in
      TrackClock.Others(position: position, interval: others.map { tracks[$0].interval }.max() ?? .zero)
    }
  }

  private mutating func startNextEpoch() {
    for n in tracks.indices { tracks[n].flush(limit: nil) }
    advanceOnce(force: true)
    close()
    for n in tracks.indices {
      tracks[n].confirmJump()
      tracks[n].forgetReach()
    }
  }

  /// Opens an epoch when every track has shown its first content.
  private mutating func open(force: Bool) {
    let isReady = tracks.allSatisfy { !$0.waiting.isEmpty || $0.hasEnded }
    guard isReady || force else { return }
    let starts = tracks.compactMap { track in track.waiting.first.map { (track, $0.start) } }
    guard let first = starts.min(by: { $0.1 < $1.1 }) else { return }
    zero = first.1
    let isOnReports = !first.0.timing.needsReports || ReportedTime.holds(zero)
    // Stamps before and after the reports do not tell how far they are apart: the source went on meanwhile.
    let wasOnReports = nextEpoch.after.map { ReportedTime.holds($0) } ?? isOnReports
    let isLocking = first.0.timing.needsReports && isOnReports && !wasOnReports
    nextEpoch.start += isLocking ? .zero : gap(before: zero)
    let opened = Epoch(
      index: nextEpoch.index, reason: isLocking ? .locked : nextEpoch.reason, start: nextEpoch.start,
      originPTS: first.0.raw(zero), timeBase: first.0.timing.timeBase, isLocked: isOnReports)
    epoch = opened
    lateness?.begin()
    nextInstant = [:]
    for n in tracks.indices {
      tracks[n].reached = .zero
      tracks[n].floor = .zero
      tracks[n].end = nil
    }
    output.append(.mark(.epoch(opened)))
  }

  private func gap(before zero: TimeSpan) -> TimeSpan {
    if let after = nextEpoch.after { return max(.zero, zero - after) }
    guard let ended = nextEpoch.wall, let wallOffset else { return .zero }
    return max(.zero, wallOffset + zero - ended)
  }

  /// No track leads up to this source time: what begins there belongs to an epoch of its own.
  private func isBeyondReach(_ start: TimeSpan) -> Bool {
    let near = start - Jump.longestHole
    return zero < near && !tracks.contains { $0.spans(near, zero) }
  }

  private mutating func close() {
    guard let closing = epoch else { return }
    let end = tracks.lazy.compactMap { $0.end }.max() ?? .zero
    output.append(.mark(.closed(epoch: closing.index, end: end)))
    nextEpoch = NextEpoch(
      index: closing.index + 1, start: closing.start + end.sinceZero, reason: .jump, after: zero + end.sinceZero)
    epoch = nil
  }

  // MARK: Delivering

  private mutating func deliver(_ content: TrackClock.Content, _ n: Int) {
    switch content {
    case .sound(let sound): deliver(sound, n)
    case .picture(let picture): deliver(picture, n)
    }
  }

  private mutating func deliver(_ sound: SoundClock.Placed, _ n: Int) {
    let slot = tracks[n].slot
    let rate = Ratio(Int64(sound.rate))
    let base = Instant(flicks: (sound.anchor - zero).flicks).nearestIndex(rate: rate)
    let snapped = (Instant(index: base, rate: rate) - Instant(flicks: (sound.anchor - zero).flicks)).magnitude
    var timed = TimedSound(
      slot: slot, epoch: epoch!.index, firstSample: base + sound.index, rate: sound.rate, samples: sound.samples)
    // Sound that another stretch already filled is trimmed; sound whose windows are gone is lost and counted.
    let border = max(tracks[n].end ?? .zero, tracks[n].floor)
    let overlap = min(max(0, border.nearestIndex(rate: rate) - timed.firstSample), Int64(timed.samples.count))
    if overlap > 0 {
      counters.add(
        tracks[n].floor > (tracks[n].end ?? .zero) ? "\(slot.name)_late_samples" : "\(slot.name)_overlapped_samples",
        overlap)
      timed.samples.removeFirst(Int(overlap))
      timed.firstSample += overlap
    }
    guard !timed.samples.isEmpty else { return }
    let interval = timed.interval
    output.append(
      .mark(
        .covered(
          Coverage(
            slot: slot, epoch: timed.epoch, interval: interval, pts: tracks[n].raw(interval.start.sinceZero + zero),
            timeBase: tracks[n].timing.timeBase, halfWidth: sound.halfWidth + snapped, isInferred: sound.isInferred,
            sampleLength: TimeSpan(ticks: 1, rate.inverse)))))
    output.append(.sound(timed))
    tracks[n].end = interval.end
    tracks[n].reached = interval.end
  }

  private mutating func deliver(_ picture: PictureClock.Placed, _ n: Int) {
    let slot = tracks[n].slot
    let isStill = picture.end == picture.start
    let length = isStill ? stillLength : picture.end - picture.start
    let start = Instant(flicks: (picture.start - zero).flicks)
    let interval = Interval(start, start + length)
    let validEnd = isStill ? interval.end : Instant(flicks: (picture.validUntil - zero).flicks)
    guard interval.end > tracks[n].floor else {
      counters.add("\(slot.name)_late_frames")
      return
    }
    let pts = picture.pts.map { tracks[n].raw(stamp: $0) }
    output.append(
      .mark(
        .covered(
          Coverage(
            slot: slot, epoch: epoch!.index, interval: Interval(start, validEnd), pts: pts,
            timeBase: tracks[n].timing.timeBase, halfWidth: picture.halfWidth, isInferred: picture.isInferred,
            sampleLength: .zero))))
    let told = lateness == nil ? Instant.zero : tracks[n].floor
    let instants = takeInstants(slot, in: interval, validEnd).filter { $0.instant >= told }
    for (instant, _) in instants {
      output.append(
        .mark(
          .shown(
            ShownFrame(
              slot: slot, epoch: epoch!.index, instant: instant, pts: pts, timeBase: tracks[n].timing.timeBase,
              start: start, halfWidth: picture.halfWidth, isInferred: picture.isInferred))))
    }
    output.append(
      .picture(
        TimedPicture(
          slot: slot, epoch: epoch!.index, interval: interval, pts: pts, isInferred: picture.isInferred,
          image: picture.image, instants: instants)))
    tracks[n].end = interval.end
    tracks[n].reached = interval.end
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

  /// Tells how far every track has come. One that stays silent for longer than the longest hole while another
  /// goes on is masked.
  private mutating func reach() {
    let furthest = furthest
    for n in tracks.indices {
      var instant =
        tracks[n].hasEnded && tracks[n].waiting.isEmpty && !tracks[n].isJumped ? Instant.end : tracks[n].reached
      if tracks[n].isDistant { instant = furthest }  // nothing of it before that, but no window exists for its sake
      let expected = lateness?.expected(tracks[n].slot) ?? .zero
      let silent = max(furthest - Jump.longestHole, tracks[n].isDistant ? .zero : expected, tracks[n].floor)
      if instant < silent {
        instant = silent
        tracks[n].floor = silent
      }
      output.append(.mark(.reached(tracks[n].slot, instant)))
    }
  }

  // MARK: Cues

  private mutating func deliverCues() {
    guard let epoch else { return }
    let reach = (tracks.lazy.compactMap { $0.end }.max() ?? .zero) + Jump.longestHole
    output += cues.take(zero: zero, until: reach, epoch: epoch.index).map { .mark(.cue($0)) }
  }

  private mutating func takeOutput() -> [Timed] {
    defer { output = [] }
    return output
  }

  private var furthest: Instant { tracks.lazy.map { $0.reached }.max() ?? .zero }

  private var isSomeAway: Bool { tracks.contains { $0.isAway } }

  private func index(_ slot: Slot) -> Int? { tracks.firstIndex { $0.slot == slot } }
}
