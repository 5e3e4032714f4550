import Media

/// What a worker has said of its source so far, and whether what it says next can be. A lie that can be costs its own
/// source; what would cost others, their time, their memory or their names, is refused.
struct Testimony {
  /// Marks that say something about time which no watermark has passed: the right keeps them all.
  private static let mostPending = 1 << 19
  /// Bytes of the cues among them.
  private static let mostPendingText = 32 << 20
  private static let mostCounters = 256
  private static let longestText = 1 << 16
  private static let longestSample = TimeSpan(seconds: 1)
  private static let stamps: ClosedRange<Int64> = -(1 << 60)...1 << 60

  private let label: String
  private let pace: MediaPace
  private let now: @Sendable () -> Duration
  private let opened: Duration
  /// Of the source, that nobody wants and that may be passed over.
  private let start: TimeSpan
  private let selected: Set<Slot>
  /// Cues may lie beside it.
  private let hasSubtitles: Bool
  private var info: SourceInfo?
  private(set) var hasEnded = false
  private var nextEpoch: Int32
  /// Its content has begun.
  private(set) var hasBegun = false
  private var isEpochOpen = false
  /// Time of the epochs before the open one.
  private var before = TimeSpan.zero
  /// Of the open epoch: how far anything was said to go, and how far its content did.
  private var furthest = Instant.zero
  private var covered = Instant.zero
  private var reached: [Slot: Instant] = [:]
  private var passed = Instant.zero
  private var pending = 0
  private var pendingText = 0

  /// - Parameter now: a clock that never goes back.
  init(_ order: SourceOrder, _ pace: MediaPace, now: @escaping @Sendable () -> Duration) {
    label = order.label
    (self.pace, self.now, opened) = (pace, now, now())
    start = order.request.start
    selected = Set(order.selection.slots)
    hasSubtitles = order.subtitles != nil
    nextEpoch = order.request.continuation?.epoch ?? 0
  }

  /// What ends a source whose worker has gone: the open epoch closes where its content ended.
  var closing: [Item] { isEpochOpen ? [.mark(.closed(epoch: nextEpoch - 1, end: covered))] : [] }

  /// - Throws: `WireError`: what cannot be. Then nothing of it was accepted.
  mutating func accept(_ items: [Item]) throws(WireError) {
    let known = self
    do throws(WireError) { try hear(items) } catch {
      self = known
      throw error
    }
  }

  private mutating func hear(_ items: [Item]) throws(WireError) {
    var border = border
    for item in items {
      guard !hasEnded else { throw WireError("something after the end") }
      switch item {
      case .sound(let run):
        try check(run.slot, .audio)
        try go(to: run.end, border)
      case .picture(let picture):
        try check(picture.slot, .video)
        try go(to: picture.instant, border)
      case .mark(.epoch(let epoch)):
        try accept(epoch)
        border = self.border
      case .mark(let mark): try accept(mark, border)
      }
    }
  }

  /// How far a message may go in the open epoch.
  private var border: Instant {
    let step = furthest + pace.longestStep + start
    guard let most = pace.most(after: now() - opened) else { return step }
    return min(step, .zero + (most - before))
  }

  private mutating func accept(_ mark: Mark, _ border: Instant) throws(WireError) {
    switch mark {
    case .opened(let info): try accept(info)
    case .covered(let coverage):
      try check(coverage.slot, nil)
      guard coverage.halfWidth >= .zero, coverage.slot.modality != .audio || coverage.sampleLength > .zero,
        coverage.sampleLength <= Self.longestSample,
        Self.stamps.contains(coverage.pts ?? 0)
      else { throw WireError("a stretch without a measure") }
      try go(over: coverage.interval, border)
      covered = max(covered, coverage.interval.end)
      try keep()
    case .shown(let frame):
      try check(frame.slot, .video)
      try go(to: frame.instant, border)
      try keep()
    case .cue(let cue):
      try check(cue.slot, .text)
      guard cue.text.utf8.count <= Self.longestText else { throw WireError("\(cue.text.utf8.count) bytes of a cue") }
      try go(to: cue.interval.start, border)
      try keep(text: cue.text.utf8.count)
    case .reached(let slot, let instant):
      try check(slot, nil)
      if instant != .end { try go(to: instant, border) }
      pass(slot, instant)
    case .closed(_, let instant):
      try go(to: instant, border)
      isEpochOpen = false
    case .dropped: throw WireError("content that was let go")  // nobody has, on that side
    case .ended(let outcome): try accept(outcome)
    case .wall, .epoch: break
    }
  }

  private mutating func accept(_ info: SourceInfo) throws(WireError) {
    guard self.info == nil else { throw WireError("a source opened twice") }
    self.info = info
    try check(info.name)
    guard Set(info.slots).isSubset(of: selected) else { throw WireError("tracks that nobody asked for") }
  }

  private mutating func accept(_ outcome: SourceOutcome) throws(WireError) {
    try check(outcome.name)
    guard Self.isBounded(outcome.counters) else { throw WireError("too many accounts") }
    hasEnded = true
  }

  /// Accounts are kept, and shown to all.
  static func isBounded(_ counters: Counters) -> Bool {
    let names = counters.values.keys
    return names.count <= mostCounters && names.allSatisfy { $0.utf8.count <= longestText / 64 }
  }

  /// Its records must not carry another's name.
  private func check(_ name: String) throws(WireError) {
    guard name == label else { throw WireError("another source's name") }
  }

  /// Content of a track that it has, and of the kind that it is.
  private func check(_ slot: Slot, _ modality: Modality?) throws(WireError) {
    let isBeside = hasSubtitles && slot == Slot(.text)
    guard info?.slots.contains(slot) ?? false || isBeside, modality ?? slot.modality == slot.modality else {
      throw WireError("content of \(slot.name), which it has not")
    }
  }

  private mutating func accept(_ epoch: Epoch) throws(WireError) {
    guard epoch.index == nextEpoch, epoch.index < .max else {
      throw WireError("epoch \(epoch.index) where \(nextEpoch) was due")
    }
    nextEpoch = epoch.index + 1
    before += max(.zero, furthest.sinceZero)
    (hasBegun, isEpochOpen) = (true, true)
    (furthest, covered, reached, passed, pending, pendingText) = (.zero, .zero, [:], .zero, 0, 0)
  }

  private mutating func keep(text: Int = 0) throws(WireError) {
    pending += 1
    pendingText += text
    guard pending <= Self.mostPending else { throw WireError("\(pending) marks that nothing passes") }
    guard pendingText <= Self.mostPendingText else { throw WireError("\(pendingText) bytes of text") }
  }

  /// What all tracks have passed is kept no longer.
  private mutating func pass(_ slot: Slot, _ instant: Instant) {
    reached[slot] = instant
    let least = info?.slots.filter { $0.modality != .text }.map { reached[$0] ?? .zero }.min() ?? instant
    if least > passed { (passed, pending, pendingText) = (least, 0, 0) }
  }

  private mutating func go(over interval: Interval, _ border: Instant) throws(WireError) {
    guard interval.start <= interval.end else { throw WireError("a stretch that ends before it begins") }
    try go(to: interval.start, border)
    try go(to: interval.end, border)
  }

  private mutating func go(to instant: Instant, _ border: Instant) throws(WireError) {
    guard instant >= .zero - pace.longestStep, instant <= border else {
      throw WireError("\(instant.sinceZero.seconds) s after \(furthest.sinceZero.seconds) s")
    }
    furthest = max(furthest, instant)
  }
}

extension AudioRun {
  fileprivate var end: Instant { Instant(index: firstSample + Int64(samples.count), rate: Ratio(Int64(rate))) }
}
