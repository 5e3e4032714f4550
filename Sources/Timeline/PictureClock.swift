import Media

/// Places pictures on the source's own time. A picture is placed when its successor is known: only then is it
/// sure when it leaves the screen, and whether its stamp was an outlier.
struct PictureClock {
  /// A picture and its time on screen, in source time.
  struct Placed {
    var start: TimeSpan
    /// The next picture's start; the last one's end.
    var end: TimeSpan
    /// Shown beyond this it is masked.
    var validUntil: TimeSpan
    var pts: Int64?
    var halfWidth: TimeSpan
    var isInferred: Bool
    var image: (any PictureImage)?
  }

  enum Verdict {
    case placed([Placed])
    /// Two stamps agree on a place that no hole explains: held until the other tracks have spoken.
    case jumped
  }

  struct Stamped {
    var time: TimeSpan
    var isInferred: Bool
    var picture: DecodedPicture
    var irregularity = TimeSpan.zero
  }

  private let timing: TrackTiming
  private var precision: StampPrecision
  /// On screen now; its end is not known yet.
  private var held: Stamped?
  /// Start of the picture before `held`; nil when `held` is the first of its line and so unconfirmed.
  private var previous: TimeSpan?
  /// Pictures whose stamps do not follow from `held`.
  private(set) var suspects: [Stamped] = []
  private var rhythm: Rhythm
  /// Decoding stamps of a track without presentation stamps, ascending.
  private var decodeTimes: [TimeSpan] = []
  private(set) var isJumped = false
  private(set) var outliers = 0
  private(set) var irregular = 0

  init(_ timing: TrackTiming) {
    self.timing = timing
    precision = StampPrecision(timing)
    rhythm = Rhythm(tick: TimeSpan(ticks: 1, timing.timeBase), nominal: timing.nominalInterval)
  }

  /// For tracks without presentation stamps: pictures come out in the order of these.
  mutating func noteDecodeStamp(_ dts: Int64) {
    guard timing.isInferred else { return }
    let time = TimeSpan(ticks: dts, timing.timeBase) + timing.shift
    let at = decodeTimes.lastIndex { $0 <= time }.map { $0 + 1 } ?? 0
    decodeTimes.insert(time, at: at)
    if decodeTimes.count > 64 { decodeTimes.removeFirst() }
  }

  mutating func accept(_ picture: DecodedPicture) -> Verdict {
    let next = stamped(picture)
    guard let current = held else {
      held = next
      return .placed([])
    }
    if isJumped {
      suspects.append(next)
      return .jumped
    }
    guard let suspect = suspects.last else {
      if isOrdinary(next.time - current.time, after: current) { return .placed([advance(to: next)]) }
      suspects = [next]
      return .placed([])
    }
    return resolve(suspect, current, next)
  }

  /// No more comes on this line: places what is on screen.
  /// - Parameter limit: how far the other tracks reach: a last, unconfirmed picture is believed up to there.
  mutating func takeHeld(limit: TimeSpan?) -> [Placed] {
    var placed: [Placed] = []
    if !isJumped, let suspect = suspects.last, let current = held {
      let step = suspect.time - current.time
      let isBelieved =
        step > .zero && step <= Jump.longestHole && limit.map { suspect.time <= $0 + Jump.longestOverlap } ?? true
      if isBelieved { placed.append(advance(to: suspect)) } else { outliers += 1 }
      suspects = []
    }
    if let current = held { placed.append(place(current, until: nil)) }
    (held, previous) = (nil, nil)
    return placed
  }

  /// The other tracks jumped too: goes on from the new place. Call after `takeHeld`.
  mutating func takeJump() -> [Placed] {
    let waiting = suspects
    (suspects, isJumped, held, previous) = ([], false, waiting.first, nil)
    rhythm = Rhythm(tick: TimeSpan(ticks: 1, timing.timeBase), nominal: timing.nominalInterval)
    return waiting.dropFirst().map { advance(to: $0) }
  }

  /// The others did not: what was held is rejected.
  mutating func rejectJump() {
    outliers += suspects.count
    (suspects, isJumped) = ([], false)
  }

  /// How far apart pictures usually are.
  var interval: TimeSpan { rhythm.median ?? timing.nominalInterval ?? .zero }

  /// Source time before which everything has been placed.
  var position: TimeSpan? { held?.time }

  // MARK: Deciding

  /// A stamp broke the rhythm; the next one tells whether it was an outlier, a hole or a jump.
  private mutating func resolve(_ suspect: Stamped, _ current: Stamped, _ next: Stamped) -> Verdict {
    let (step, following) = (suspect.time - current.time, next.time - suspect.time)
    let agree = following > .zero && following <= Jump.longestHole
    if next.time > current.time, next.time <= suspect.time || step <= .zero, Jump.isContinuous(next.time - current.time)
    {
      suspects = []  // the line goes on before the suspect: that was an outlier
      outliers += 1
      return accept(next.picture, restamped: next)
    }
    if step > .zero, agree, isContinuous(step, after: current) {
      suspects = []
      return .placed([advance(to: suspect), advance(to: next)])
    }
    guard agree else {
      outliers += 1
      suspects = [next]
      return .placed([])
    }
    if previous == nil {  // `current` was never confirmed: it was the outlier
      outliers += 1
      (held, suspects) = (suspect, [])
      return .placed([advance(to: next)])
    }
    if Jump.isContinuous(step) {  // a short way back: the screen does not go back within an epoch
      outliers += 2
      suspects = []
      return .placed([])
    }
    suspects.append(next)
    isJumped = true
    return .jumped
  }

  private mutating func accept(_ picture: DecodedPicture, restamped next: Stamped) -> Verdict {
    guard let current = held else { return .placed([]) }
    if isOrdinary(next.time - current.time, after: current) { return .placed([advance(to: next)]) }
    suspects = [next]
    return .placed([])
  }

  /// A step that needs no second opinion.
  private func isOrdinary(_ step: TimeSpan, after current: Stamped) -> Bool {
    guard step > .zero else { return false }
    return step <= patience(current)
  }

  private func isContinuous(_ step: TimeSpan, after current: Stamped) -> Bool {
    step <= max(Jump.longestHole, patience(current))
  }

  /// How long a picture may stay on screen by its own word or by the rhythm.
  private func patience(_ current: Stamped) -> TimeSpan {
    // In an even rhythm even one missing picture deserves a second opinion.
    if rhythm.isRegular, let beat = rhythm.median ?? timing.nominalInterval {
      return TimeSpan(flicks: (beat * 3).flicks / 2)
    }
    let declared = declared(current)
    let usual = rhythm.median ?? timing.nominalInterval ?? TimeSpan(milliseconds: 40)
    return max(declared + declared, usual * 3)
  }

  // MARK: Placing

  private mutating func advance(to next: Stamped) -> Placed {
    var current = held!
    if let previous, rhythm.isRegular, !current.isInferred {
      current.irregularity = rhythm.irregularity(previous, current.time, next.time)
      if current.irregularity > .zero { irregular += 1 }
    }
    let placed = place(current, until: next.time)
    rhythm.add(next.time - current.time)
    previous = current.time
    held = next
    return placed
  }

  /// - Parameter next: nil for the last picture, which ends at its declared duration, else after the previous
  ///   interval, else after the nominal one.
  private func place(_ current: Stamped, until next: TimeSpan?) -> Placed {
    let declared = declared(current)
    let interval = rhythm.last ?? timing.nominalInterval ?? .zero
    let end = next ?? current.time + (declared > .zero ? declared : interval)
    let usual = (rhythm.median ?? timing.nominalInterval ?? end - current.time) * 3
    let width = precision.halfWidth + timing.editHalfWidth + current.irregularity
    return Placed(
      start: current.time, end: end, validUntil: min(end, current.time + max(declared, usual)),
      pts: current.picture.pts, halfWidth: current.isInferred ? width + interval : width,
      isInferred: current.isInferred, image: current.picture.image)
  }

  /// The duration that the container declares, within reason; a still has none.
  private func declared(_ current: Stamped) -> TimeSpan {
    timing.isStill
      ? .zero : min(max(.zero, TimeSpan(ticks: current.picture.duration, timing.timeBase)), timing.longestPicture)
  }

  private mutating func stamped(_ picture: DecodedPicture) -> Stamped {
    if let pts = picture.pts {
      precision.observe(pts)
      if !decodeTimes.isEmpty { decodeTimes.removeFirst() }
      let time = TimeSpan(ticks: pts, timing.timeBase) + timing.shift
      return Stamped(time: time, isInferred: timing.isInferred, picture: picture)
    }
    let usual = rhythm.median ?? timing.nominalInterval ?? TimeSpan(milliseconds: 40)
    let counted = (suspects.last ?? held).map { $0.time + usual } ?? .zero
    let decoded = decodeTimes.isEmpty ? nil : decodeTimes.removeFirst()
    return Stamped(time: decoded ?? counted, isInferred: true, picture: picture)
  }
}
