import Media

/// What one track has given that windows still to come may need.
struct TrackFeatures {
  let slot: Slot
  var reached: Instant
  // In order of time; slices, so that forgetting costs nothing.
  private var steps: ArraySlice<Step> = []
  private var lost: ArraySlice<Interval> = []
  private var coverages: ArraySlice<Coverage> = []
  private var shown: ArraySlice<ShownFrame> = []
  private var cues: [Cue] = []
  private var cueBytes = 0

  /// Bytes of text: of the cues that are kept, and of a window.
  private static let mostCueBytes = 16 << 20
  private static let longestText = 1 << 16

  init(_ slot: Slot, isPresent: Bool) {
    self.slot = slot
    reached = isPresent ? .zero : .end
  }

  /// Text never holds a window open.
  var holdsWindows: Bool { slot.modality != .text }

  /// Steps come in order of time, but for those of text.
  mutating func add(_ step: Step) {
    let at = steps.lastIndex { $0.interval.start <= step.interval.start }.map { $0 + 1 } ?? steps.startIndex
    steps.insert(step, at: at)
  }

  /// Content of this stretch gives no step.
  mutating func lose(_ interval: Interval) {
    let at = lost.lastIndex { $0.start <= interval.start }.map { $0 + 1 } ?? lost.startIndex
    lost.insert(interval, at: at)
  }

  mutating func add(_ coverage: Coverage) { coverages.append(coverage) }
  mutating func add(_ frame: ShownFrame) { shown.append(frame) }

  /// - Returns: false where it is one too many.
  mutating func add(_ cue: Cue) -> Bool {
    let size = cue.text.utf8.count + 64
    guard cueBytes + size <= Self.mostCueBytes else { return false }
    cueBytes += size
    let at = cues.lastIndex { $0.interval.start <= cue.interval.start }.map { $0 + 1 } ?? 0
    cues.insert(cue, at: at)
    return true
  }

  mutating func forget(before instant: Instant) {
    steps.removeFirst(steps.prefix { $0.interval.end <= instant }.count)
    lost.removeFirst(lost.prefix { $0.end <= instant }.count)
    coverages.removeFirst(coverages.prefix { $0.interval.end <= instant }.count)
    shown.removeFirst(shown.prefix { $0.instant < instant }.count)
    guard cues.contains(where: { $0.interval.end <= instant }) else { return }
    cues.removeAll { $0.interval.end <= instant }
    cueBytes = cues.reduce(0) { $0 + $1.text.utf8.count + 64 }
  }

  /// The track's part of a window.
  func share(of window: Interval, keepsSteps: Bool, embed: Aligner.Embed) -> WindowTrack {
    let inside = steps.prefix { $0.interval.start < window.end }.filter { $0.interval.overlap(window) > .zero }
    let frames = shown.prefix { $0.instant < window.end }.filter { window.start <= $0.instant }
    let distinct = frames.enumerated().filter { $0 == 0 || frames[$0 - 1].start != $1.start }.map(\.element)
    let reused = Set(inside.filter(\.isReused).map(\.interval.start))
    let pool = Pool(inside, in: window)
    return WindowTrack(
      slot: slot, valid: valid(window), vector: pool.flatMap { embed(slot.modality, $0.mean) },
      pts: slot.modality == .audio ? firstSample(in: window).map { [$0] } ?? [] : distinct.compactMap(\.pts),
      timeBase: coverages(in: window).first?.timeBase ?? distinct.first?.timeBase, frames: Int32(distinct.count),
      framesRepeated: Int32(frames.count - distinct.count),
      framesReused: Int32(distinct.count { reused.contains($0.instant) }), quality: pool?.quality,
      steps: keepsSteps ? inside : [])
  }

  /// Cues inside the window, by their start, up to the longest text; nil where there are none.
  func text(in window: Interval) -> (words: String, isCut: Bool)? {
    let inside = cues.lazy.filter { $0.interval.overlap(window) > .zero }
    guard var words = inside.first?.text else { return nil }
    for cue in inside.dropFirst() {
      words += " " + cue.text
      if words.utf8.count > Self.longestText { break }
    }
    guard words.utf8.count > Self.longestText else { return (words, false) }
    var kept = String(decoding: words.utf8.prefix(Self.longestText - 4), as: UTF8.self)
    while kept.last == "\u{FFFD}" { kept.removeLast() }  // a letter cut in its middle
    return (kept + "…", true)
  }

  /// The worst stamp inside the window; nil where the track is absent.
  func worstStamp(in window: Interval) -> (halfWidth: TimeSpan, isInferred: Bool, sampleLength: TimeSpan)? {
    let inside = coverages(in: window)
    guard let worst = inside.map(\.halfWidth).max() else { return nil }
    return (worst, inside.contains(where: \.isInferred), inside.map(\.sampleLength).max()!)
  }

  private func coverages(in window: Interval) -> [Coverage] {
    coverages.prefix { $0.interval.start < window.end }.filter { $0.interval.overlap(window) > .zero }
  }

  /// Fraction of the window that is really covered, and was not lost.
  private func valid(_ window: Interval) -> Float {
    let intervals =
      slot.modality == .text
      ? cues.map(\.interval) : coverages.prefix { $0.interval.start < window.end }.map(\.interval)
    var covered = TimeSpan.zero
    for piece in union(of: intervals, in: window) {
      covered += union(of: lost, in: piece).reduce(piece.length) { $0 - $1.length }
    }
    return Float(covered.seconds / window.length.seconds)
  }

  /// Native stamp of the first sample that lies in the window.
  private func firstSample(in window: Interval) -> Int64? {
    guard let first = coverages(in: window).first, let pts = first.pts else { return nil }
    let before = max(.zero, window.start - first.interval.start)
    let samples = scale(before.flicks, by: 1, over: first.sampleLength.flicks, .up)
    let (stamp, isBeyond) = pts.addingReportingOverflow((first.sampleLength * samples).ticks(first.timeBase))
    return isBeyond ? nil : stamp
  }
}

/// What intervals in order of their start cover of `window`: in order, disjoint.
private func union(of intervals: some Sequence<Interval>, in window: Interval) -> [Interval] {
  var pieces: [Interval] = []
  var end = window.start
  for interval in intervals where interval.end > end && interval.start < window.end {
    pieces.append(Interval(max(interval.start, end), min(interval.end, window.end)))
    end = pieces[pieces.count - 1].end
  }
  return pieces
}

/// Steps of a window as one: their mean, weighted by overlap × valid, summed in order of time.
struct Pool {
  let mean: [Float]
  let quality: Float

  /// Nil where nothing of the window is valid.
  init?(_ steps: [Step], in window: Interval) {
    guard let first = steps.first else { return nil }
    var sums = [Double](repeating: 0, count: first.vector.count)
    var quality = 0.0
    var total = 0.0
    for step in steps {
      let weight = Double(step.interval.overlap(window).flicks) * Double(step.valid)
      guard weight > 0 else { continue }
      total += weight
      quality += weight * Double(step.quality)
      for n in sums.indices { sums[n] += weight * Double(step.vector[n]) }
    }
    guard total > 0 else { return nil }
    mean = sums.map { Float($0 / total) }
    self.quality = Float(quality / total)
  }
}

/// How sure the relation of sound and picture in a window is.
struct Certainty {
  let state: TimeState
  /// Nil where no bound is known to hold.
  let uncertainty: TimeSpan?

  /// Nil where sound or picture is absent.
  /// - Parameter isLocked: the tracks stand on one clock.
  init?(_ tracks: [TrackFeatures], in window: Interval, isLocked: Bool = true) {
    func worst(_ modality: Modality) -> (halfWidth: TimeSpan, isInferred: Bool, sampleLength: TimeSpan)? {
      tracks.first { $0.slot.modality == modality }?.worstStamp(in: window)
    }
    guard let sound = worst(.audio), let picture = worst(.video) else { return nil }
    guard isLocked else {
      (state, uncertainty) = (.unlocked, nil)
      return
    }
    let width = sound.halfWidth + picture.halfWidth
    uncertainty = width
    state = sound.isInferred || picture.isInferred ? .inferred : width <= sound.sampleLength ? .exact : .quantised
  }
}
