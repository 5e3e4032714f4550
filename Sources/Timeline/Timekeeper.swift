package import Media

/// The door of this target: decoded samples in, content on exact time out.
///
/// Source time runs in the tracks' own stamps. An epoch's zero is the earliest presented instant of any of its
/// tracks, so an epoch opens only when each track has shown its first content, or plainly has none.
package struct Timekeeper {
  private var tracks: [TrackClock]
  private let pictureRate: Ratio
  private var line: EpochLine
  private var delivery: Delivery
  private var cues: CueQueue
  /// Live only: when a window stops waiting for a track.
  private var lateness: Lateness?
  /// RTP only: whether the sender's reports have put the tracks on one clock; believed until a packet has none.
  private var isLocked = true
  private var own = Counters()

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
    line = EpochLine(continuation)
    delivery = Delivery(pictureRate: pictureRate, stillLength: stillLength, isLive: jitterWait != nil)
    tracks = timings.filter { $0.slot.modality != .text }.map { TrackClock($0.slot, $0.timing) }
    cues = CueQueue(timings.filter { $0.slot.modality == .text })
    self.pictureRate = pictureRate
  }

  /// What has been counted so far.
  package var counters: Counters {
    var all = own
    all.add(delivery.counters)
    for track in tracks { track.addCounters(to: &all) }
    return all
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
    if let n = index(slot) { tracks[n].noteDecodeStamp(dts) }
  }

  /// Whether the track has said enough until the others have spoken: hold its packets back meanwhile.
  package func isWaiting(_ slot: Slot) -> Bool {
    guard let n = index(slot) else { return false }
    return tracks[n].isJumped || (line.epoch == nil || tracks[n].isDistant) && !tracks[n].waiting.isEmpty
  }

  /// Whether an instant of the grid may fall on a picture shown from `pts` until before `next`.
  package func needsPicture(_ slot: Slot, from pts: Int64, until next: Int64) -> Bool {
    guard let epoch = line.epoch, let n = index(slot), !isAstray(slot) else { return true }
    guard tracks[n].isReported(pts) == epoch.isLocked || !tracks[n].timing.needsReports else { return true }
    let (start, end) = (tracks[n].time(pts) - line.zero, tracks[n].time(next) - line.zero)
    let first = Instant(flicks: start.flicks).firstIndex(rate: pictureRate)
    return Instant(index: first, rate: pictureRate) < Instant(flicks: end.flicks) || start < .zero
  }

  /// Where in the source a stamp lies; nil before the first epoch has opened.
  package func position(_ slot: Slot, _ pts: Int64) -> TimeSpan? {
    guard let epoch = line.epoch, let n = index(slot), !isAstray(slot) else { return nil }
    return epoch.start + tracks[n].time(pts) - line.zero
  }

  // MARK: Live

  /// Whether the sender's reports of all tracks have come: the stamps of the packets from here on stand on one
  /// clock, those before on none, or the other way round. They begin an epoch of their own; what was never told is
  /// dropped.
  package mutating func setLocked(_ isLocked: Bool) {
    guard self.isLocked != isLocked else { return }
    self.isLocked = isLocked
    guard line.epoch == nil else { return }
    for n in tracks.indices {
      own.add("\(tracks[n].slot.name)_before_reports", Int64(tracks[n].waiting.count))
      tracks[n].forgetContent()
    }
  }

  /// How long has been waited for the source so far: closes windows that have waited for a track long enough.
  package mutating func passTime(_ waited: TimeSpan) -> [Timed] {
    let furthest = furthest
    lateness?.pass(waited, furthest: furthest)
    if line.epoch != nil { reach() }
    return delivery.take()
  }

  /// Tells what our own clock on the wall said at source time zero, since 1970.
  package mutating func noteWall(_ offset: TimeSpan) { line.wallOffset = offset }

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
    guard let epoch = line.epoch, (time - line.zero - furthest.sinceZero).magnitude <= Jump.longestHole else {
      return nil
    }
    return (epoch.index, line.zero)
  }

  /// Whether content has a place: what a decoder held back while the clock changed has one only in an open epoch.
  private mutating func takes(_ pts: Int64?, _ n: Int) -> Bool {
    guard tracks[n].timing.needsReports else { return true }
    if let pts { tracks[n].speaksReported = tracks[n].isReported(pts) }
    if tracks[n].speaksReported == isLocked || line.epoch?.isLocked == tracks[n].speaksReported { return true }
    own.add("\(tracks[n].slot.name)_before_reports")
    return false
  }

  // MARK: Decoded samples

  package mutating func accept(_ sound: DecodedSound, _ slot: Slot) -> [Timed] {
    if sound.isCorrupt { own.add("\(slot.name)_corrupt") }
    if let n = index(slot), takes(sound.pts, n) {
      tracks[n].accept(sound, beside: tracks.others(beside: n))
    }
    return advance()
  }

  package mutating func accept(_ picture: DecodedPicture, _ slot: Slot) -> [Timed] {
    if picture.isCorrupt { own.add("\(slot.name)_corrupt") }
    if let n = index(slot), takes(picture.pts, n) {
      tracks[n].accept(picture, beside: tracks.others(beside: n))
    }
    return advance()
  }

  package mutating func accept(_ cue: DecodedCue, _ slot: Slot) -> [Timed] {
    cues.add(cue, slot)
    deliverCues()
    return delivery.take()
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
    own.add(cues.finish())
    return timed + delivery.take()
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
      settle(consensus.verdict(reason))
    } else {
      for n in tracks.indices where tracks[n].isDistant {
        own.add("\(tracks[n].slot.name)_unplaced", Int64(tracks[n].waiting.count))
        tracks[n].waiting = []
      }
    }
    advanceOnce(force: true)
    return delivery.take()
  }

  // MARK: Epochs

  private mutating func advance() -> [Timed] {
    settle(consensus.verdict)
    advanceOnce(force: false)
    return delivery.take()
  }

  private mutating func advanceOnce(force: Bool) {
    if line.epoch == nil { open(force: force) }
    guard line.epoch != nil else { return }
    var spoken: [Int] = []
    for n in tracks.indices {
      tracks[n].isDistant = tracks[n].waiting.first.map { isBeyondReach($0.start) } ?? false
      if tracks[n].isDistant { continue }
      let waiting = tracks[n].waiting
      tracks[n].waiting = []
      for content in waiting { delivery.deliver(content, of: &tracks[n], on: line) }
      if !waiting.isEmpty { spoken.append(n) }
    }
    deliverCues()
    let furthest = furthest
    for n in spoken { lateness?.note(tracks[n].slot, reached: tracks[n].reached, furthest: furthest) }
    reach()
  }

  private mutating func settle(_ verdict: Consensus.Verdict) {
    switch verdict {
    case .open: break
    case .nextEpoch: startNextEpoch()
    case .alone(let jumped):
      for n in jumped {
        if let others = tracks.others(beside: n) { tracks[n].settleAlone(beside: others) }
      }
    }
  }

  private var consensus: Consensus { Consensus(tracks, isLocked: line.epoch?.isLocked) }

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
    let opened = line.open(with: first.0, at: first.1)
    lateness?.begin()
    for n in tracks.indices {
      tracks[n].reached = .zero
      tracks[n].floor = .zero
      tracks[n].end = nil
    }
    delivery.begin(opened)
  }

  /// No track leads up to this source time: what begins there belongs to an epoch of its own.
  private func isBeyondReach(_ start: TimeSpan) -> Bool {
    let near = start - Jump.longestHole
    return line.zero < near && !tracks.contains { $0.spans(near, line.zero) }
  }

  private mutating func close() {
    let end = tracks.lazy.compactMap { $0.end }.max() ?? .zero
    if let closed = line.close(at: end) { delivery.tell(.closed(epoch: closed, end: end)) }
  }

  // MARK: Watermarks

  /// Tells how far every track has come. One that stays silent for longer than the longest hole while another
  /// goes on is masked.
  private mutating func reach() {
    let furthest = furthest
    for n in tracks.indices {
      let expected = lateness?.expected(tracks[n].slot) ?? .zero
      let instant = tracks[n].reach(expected: expected, furthest: furthest)
      delivery.tell(.reached(tracks[n].slot, instant))
    }
  }

  // MARK: Cues

  private mutating func deliverCues() {
    guard let epoch = line.epoch else { return }
    let reach = (tracks.lazy.compactMap { $0.end }.max() ?? .zero) + Jump.longestHole
    for cue in cues.take(zero: line.zero, until: reach, epoch: epoch.index) { delivery.tell(.cue(cue)) }
  }

  private var furthest: Instant { tracks.lazy.map { $0.reached }.max() ?? .zero }

  private var isSomeAway: Bool { tracks.contains { $0.isAway } }

  private func index(_ slot: Slot) -> Int? { tracks.firstIndex { $0.slot == slot } }
}
