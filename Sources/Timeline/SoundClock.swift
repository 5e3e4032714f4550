import Media

/// Places sound on the source's own time by counting samples from an anchor. Every stamp bounds the anchor; the
/// intersection of all bounds is what we know of it, and a new anchor is taken only when it becomes empty.
struct SoundClock {
  /// A stretch of sound and where its first sample stands in source time.
  struct Placed {
    var samples: [Float]
    var rate: Int
    /// Source time of the anchor, and the first sample's number counted from it.
    var anchor: TimeSpan
    var index: Int64
    var halfWidth: TimeSpan
    var isInferred: Bool

    var start: TimeSpan { anchor + TimeSpan(ticks: index, Ratio(1, Int64(rate))) }
    var end: TimeSpan { anchor + TimeSpan(ticks: index + Int64(samples.count), Ratio(1, Int64(rate))) }
  }

  /// What a sample did to the clock.
  enum Verdict {
    case placed([Placed])
    /// Two stamps agree on a place that no hole explains: held until the other tracks have spoken.
    case jumped
  }

  /// By how much sound may be displaced in a packet of which a part is missing: as much as one packet holds.
  private static let damage = TimeSpan(milliseconds: 500)

  private let timing: TrackTiming
  private var precision: StampPrecision
  private var line: AnchorLine?
  private var opening = SoundOpening()
  /// Sound since a stamp that disagrees with the line, and the line that this stamp proposes.
  private(set) var disputed: [DecodedSound] = []
  private(set) var proposal: AnchorLine?
  private var samplesToSkip = 0
  private(set) var outliers = 0
  /// Samples left out because they, or some around them, are NaN or infinite.
  private(set) var notFinite = 0

  init(_ timing: TrackTiming) {
    self.timing = timing
    precision = StampPrecision(timing)
  }

  mutating func accept(_ sound: DecodedSound) -> Verdict {
    if let pts = sound.pts { observe(pts, sound) }
    guard let line else { return open(with: sound) }
    if line.rate != sound.rate { return dispute(sound) }
    guard let stamp = sound.pts.map({ bounds($0) }) else {
      if disputed.isEmpty { return .placed(place([sound])) }
      disputed.append(sound)
      // Nothing confirms the stamp for too long: it was an outlier.
      return .placed(isJumped || disputedSamples < 2 * Int64(sound.rate) ? [] : takeUnconfirmed())
    }
    let ahead = disputedSamples
    guard let narrowed = line.narrowed(by: stamp, samplesAhead: ahead) else { return dispute(sound) }
    // The line holds: whatever disputed it was an outlier.
    outliers += disputed.isEmpty ? 0 : 1
    self.line = narrowed
    defer { (disputed, proposal) = ([], nil) }
    return .placed(place(disputed + [sound]))
  }

  /// No more comes, or not on this line: places what is held.
  mutating func flush() -> [Placed] {
    let opened = takeOpening()
    return isJumped || disputed.isEmpty ? opened : opened + takeUnconfirmed()
  }

  /// The other tracks jumped too: goes on from the new place.
  mutating func takeJump() -> [Placed] {
    guard isJumped else { return [] }
    return takeProposal()
  }

  /// The others did not: what was held is rejected.
  mutating func rejectJump() {
    outliers += 1
    (disputed, proposal, isJumped) = ([], nil, false)
  }

  /// Two stamps agreed on another place; see `Verdict.jumped`.
  private(set) var isJumped = false

  /// Source time up to which sound has been placed.
  var position: TimeSpan? { line.map { $0.time(of: $0.next) } }

  // MARK: Opening a line

  private mutating func open(with sound: DecodedSound) -> Verdict {
    if let rate = opening.rate, rate != sound.rate {
      let placed = takeOpening()
      guard case .placed(let more) = accept(sound) else { return .placed(placed) }
      return .placed(placed + more)
    }
    opening.add(sound)
    return .placed(opening.isReady({ bounds($0) }) ? takeOpening() : [])
  }

  /// Places the beginning on its line. Disputes inside it are settled as later ones are.
  private mutating func takeOpening() -> [Placed] {
    guard !opening.isEmpty else { return [] }
    line = opening.line { bounds($0) }
    return opening.take().flatMap { sound -> [Placed] in
      if case .placed(let placed) = accept(sound) { placed } else { [] }
    }
  }

  // MARK: Disputes

  private mutating func dispute(_ sound: DecodedSound) -> Verdict {
    if isJumped {
      disputed.append(sound)
      return .jumped
    }
    let stamp = sound.pts.map({ bounds($0) })
    let ahead = disputedSamples
    if let proposal, proposal.rate == sound.rate, let stamp,
      let agreed = proposal.agreeing(with: stamp, samplesAhead: ahead)
    {
      self.proposal = agreed
      disputed.append(sound)
      return settle()
    }
    if let proposal, stamp == nil, proposal.rate == sound.rate {
      disputed.append(sound)
      return .placed([])
    }
    // A first dispute, or one that contradicts the last: that one was an outlier.
    outliers += disputed.isEmpty ? 0 : 1
    let placed = place(disputed.filter { $0.rate == line!.rate })
    disputed = [sound]
    proposal = AnchorLine(stamp ?? Bounds(line!.time(of: line!.next)), index: 0, rate: sound.rate)
    if stamp == nil { return .placed(placed + takeProposal()) }
    return .placed(placed)
  }

  /// Two stamps agree: a hole or an overlap is taken at once, a jump waits for the other tracks.
  private mutating func settle() -> Verdict {
    let step = proposal!.anchor - line!.time(of: line!.next)
    if Jump.isContinuous(step) { return .placed(takeProposal()) }
    isJumped = true
    return .jumped
  }

  /// No second stamp came: sound stays on its line, at another rate it goes on where the line ends.
  private mutating func takeUnconfirmed() -> [Placed] {
    outliers += 1
    defer { (disputed, proposal) = ([], nil) }
    let end = Bounds(line!.time(of: line!.next))
    if let rate = proposal?.rate, rate != line!.rate { line = AnchorLine(end, index: 0, rate: rate) }
    return place(disputed.filter { $0.rate == line!.rate })
  }

  private mutating func takeProposal() -> [Placed] {
    line = proposal
    defer { (disputed, proposal, isJumped) = ([], nil, false) }
    return place(disputed.filter { $0.rate == line?.rate })
  }

  var disputedSamples: Int64 { disputed.reduce(0) { $0 + Int64($1.samples.count) } }

  // MARK: Placing

  private mutating func place(_ sounds: [DecodedSound]) -> [Placed] { sounds.flatMap { place($0) } }

  private mutating func place(_ sound: DecodedSound) -> [Placed] {
    guard var line else { return [] }
    defer { self.line = line }
    let first = line.next, count = sound.samples.count
    line.next += Int64(count)
    samplesToSkip += sound.skipStart
    let skipped = min(samplesToSkip, count)
    samplesToSkip -= skipped
    return content(of: sound.samples, skipped..<max(skipped, count - sound.skipEnd)).map { part in
      Placed(
        samples: Array(sound.samples[part]), rate: sound.rate, anchor: line.anchor,
        index: first + Int64(part.lowerBound),
        halfWidth: line.halfWidth + timing.editHalfWidth + (sound.isCorrupt ? Self.damage : .zero),
        isInferred: timing.isInferred || sound.isCorrupt)
    }
  }

  /// What of a piece can be heard: all of it, or what stands before its first sample that is no number and after its
  /// last. So a piece never falls into more than two, whatever is in it.
  private mutating func content(of samples: [Float], _ kept: Range<Int>) -> [Range<Int>] {
    guard let first = kept.first(where: { !samples[$0].isFinite }),
      let last = kept.last(where: { !samples[$0].isFinite })
    else { return kept.isEmpty ? [] : [kept] }
    notFinite += last - first + 1
    return [kept.lowerBound..<first, last + 1..<kept.upperBound].filter { !$0.isEmpty }
  }

  /// A stamp may show that those before it were rounded, and so does a packet that is no whole number of ticks
  /// long: then they say less of the anchor.
  private mutating func observe(_ pts: Int64, _ sound: DecodedSound) {
    let known = precision.halfWidth
    precision.observe(pts)
    let ticks = Int64(sound.samples.count) * timing.timeBase.denominator
    if !ticks.isMultiple(of: Int64(sound.rate) * timing.timeBase.numerator) { precision.observe(1) }
    let growth = precision.halfWidth - known
    guard growth > .zero else { return }
    line?.widen(by: growth)
    proposal?.widen(by: growth)
  }

  private func bounds(_ pts: Int64) -> Bounds {
    Bounds(TimeSpan(ticks: pts, timing.timeBase) + timing.shift, halfWidth: precision.halfWidth)
  }
}

/// Where a hole ends and another epoch begins.
enum Jump {
  static let longestHole = TimeSpan(seconds: 60)
  static let longestOverlap = TimeSpan(seconds: 1)

  /// Whether a step in one stream stays in its epoch.
  static func isContinuous(_ step: TimeSpan) -> Bool { step <= longestHole && step >= -longestOverlap }
}
