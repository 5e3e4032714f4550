package import Media

/// The door of this target: steps and marks in, windows out. A window is emitted when no track can add to it.
package struct Aligner: Stage {
  /// Turns the pooled steps of a window into its vector: [step dimensions] → [dimensions], nil for zero norm.
  package typealias Embed = @Sendable (Modality, [Float]) -> [Float]?

  private let grid: Grid
  private let slots: [Slot]
  private let choice: WindowChoice
  private let keepsSteps: Bool
  private let embed: Embed
  private var source: SourceInfo?
  private var epoch: Epoch?
  /// Of the open epoch, as last told.
  private var wall: WallTime?
  private var tracks: [TrackFeatures] = []
  /// Of the next window of the epoch.
  private var number: Int64 = 0
  /// Stretches of the epoch that were let go.
  private var dropped: [Interval] = []
  /// Windows that were due, given and let go, of all sources so far.
  package private(set) var accounts = Accounts()
  /// As they stood when the present source began.
  private var earlier = Accounts()
  /// Windows let go since the last one that was given.
  private var missing: Int32 = 0
  /// The epoch ends with so many windows.
  private var closing: Int64?
  /// The source has ended, which is not yet told.
  private var ended: Aligned?

  /// Windows that are given at once: one mark may end any number of them.
  private static let portion = 256

  /// Whatever is due is given or dropped: `due = given + dropped + unwanted`.
  package struct Accounts: Hashable, Sendable {
    package var due: Int64 = 0
    package var given: Int64 = 0
    package var dropped: Int64 = 0
    /// Not chosen.
    package var unwanted: Int64 = 0
    /// Cues and texts of windows that were cut, since they were too long.
    package var cutTexts: Int64 = 0

    package init() {}

    package static func + (a: Self, b: Self) -> Self {
      var sum = a
      sum.due += b.due
      sum.given += b.given
      sum.dropped += b.dropped
      sum.unwanted += b.unwanted
      sum.cutTexts += b.cutTexts
      return sum
    }

    package static func - (a: Self, b: Self) -> Self {
      var rest = a
      rest.due -= b.due
      rest.given -= b.given
      rest.dropped -= b.dropped
      rest.unwanted -= b.unwanted
      rest.cutTexts -= b.cutTexts
      return rest
    }
  }

  /// - Parameters:
  ///   - slots: the tracks that records have columns for, whatever a source holds.
  ///   - keepsSteps: hand the steps on with each window.
  package init(
    _ grid: Grid, slots: [Slot], choice: WindowChoice = WindowChoice(), keepsSteps: Bool = false, embed: @escaping Embed
  ) {
    self.grid = grid
    self.slots = slots
    self.choice = choice
    self.keepsSteps = keepsSteps
    self.embed = embed
  }

  package mutating func accept(_ encoded: Encoded) -> [Aligned] {
    note(encoded)
    var all: [Aligned] = []
    while let portion = next() { all += portion }
    return all
  }

  package mutating func finish() -> [Aligned] { [] }

  /// As `accept`, whose outcome is then taken by `next` until there is no more.
  package mutating func note(_ encoded: Encoded) {
    switch encoded {
    case .step(let step): change(step.slot) { $0.add(step) }
    case .lost(let slot, _, let interval): change(slot) { $0.lose(interval) }
    case .mark(let mark): note(mark)
    }
  }

  /// Some more of what is due; nil where nothing is.
  package mutating func next() -> [Aligned]? {
    var portion: [Aligned] = []
    while portion.count < Self.portion, isDue { portion += take() }
    if !portion.isEmpty { return portion }
    if closing != nil { (epoch, tracks, closing) = (nil, [], nil) }
    defer { ended = nil }
    return ended.map { [$0] }
  }

  private mutating func note(_ mark: Mark) {
    switch mark {
    case .opened(let info): source = info
    case .epoch(let opened): open(opened)
    case .covered(let coverage): change(coverage.slot) { $0.add(coverage) }
    case .shown(let frame): change(frame.slot) { $0.add(frame) }
    case .cue(let cue):
      var isKept = true
      change(cue.slot) { isKept = $0.add(cue) }
      if !isKept { accounts.cutTexts += 1 }
    case .wall(let time) where time.epoch == epoch?.index: wall = time
    case .reached(let slot, let instant):
      change(slot) { $0.reached = max($0.reached, instant) }
    case .dropped(_, let interval): dropped.append(interval)
    case .closed(_, let end): closing = grid.windowCount(end: end)
    case .ended(let outcome): end(outcome)
    case .wall: break
    }
  }

  private mutating func open(_ opened: Epoch) {
    (epoch, wall) = (opened, nil)
    (number, dropped) = (0, [])
    tracks = slots.map { TrackFeatures($0, isPresent: source?.slots.contains($0) ?? false) }
  }

  /// Whether a window is: one that every track has passed exists whatever the epoch's end will be, for content reaches
  /// its end.
  private var isDue: Bool {
    if let closing { return number < closing }
    let reached = tracks.filter(\.holdsWindows).map(\.reached).min() ?? .zero
    return reached != .end && grid.window(number).end <= reached
  }

  /// The next source may fail before it is opened: nothing of this one may count for it.
  private mutating func end(_ outcome: SourceOutcome) {
    ended = .ended(outcome, windows: accounts.due - earlier.due)
    (source, epoch, tracks, earlier, missing) = (nil, nil, [], accounts, 0)
  }

  /// Window `number`, if it was chosen, and forgets what no later window needs.
  private mutating func take() -> [Aligned] {
    defer {
      number += 1
      accounts.due += 1
      let begin = grid.window(number).start
      for n in tracks.indices { tracks[n].forget(before: begin) }
      dropped.removeAll { $0.end <= begin }
    }
    let interval = grid.window(number)
    guard let source, let epoch,
      choice.includes(epoch.start + interval.start.sinceZero, emitted: Int(accounts.given - earlier.given))
    else {
      accounts.unwanted += 1
      return []
    }
    guard !dropped.contains(where: { $0.overlap(interval) > .zero }) else {
      accounts.dropped += 1
      missing += 1
      return []
    }
    accounts.given += 1
    defer { missing = 0 }
    return [.window(window(interval, source, epoch))]
  }

  private mutating func window(_ interval: Interval, _ source: SourceInfo, _ epoch: Epoch) -> Window {
    let certainty = Certainty(tracks, in: interval, isLocked: epoch.isLocked)
    // Containers tell the creation time in whole seconds.
    let created = source.creationTime.map { $0 + epoch.start.nanoseconds / 1000 }
    let text = tracks.lazy.compactMap { $0.text(in: interval) }.first
    if text?.isCut ?? false { accounts.cutTexts += 1 }
    return Window(
      source: source.name, epoch: epoch.index, index: number, interval: interval,
      wallZero: wall?.zero ?? created, wallUncertaintyMicroseconds: wall?.uncertaintyMicroseconds ?? 1_000_000,
      timeState: certainty?.state, uncertainty: certainty?.uncertainty,
      tracks: tracks.map { $0.share(of: interval, keepsSteps: keepsSteps, embed: embed) },
      text: text?.words, dropped: missing)
  }

  private mutating func change(_ slot: Slot, _ work: (inout TrackFeatures) -> Void) {
    guard let n = tracks.firstIndex(where: { $0.slot == slot }) else { return }
    work(&tracks[n])
  }
}

/// Which windows are wanted. Places are positions in the source: earlier epochs count.
package struct WindowChoice: Hashable, Sendable {
  package var start: TimeSpan
  package var duration: TimeSpan?
  package var limit: Int?

  package init(start: TimeSpan = .zero, duration: TimeSpan? = nil, limit: Int? = nil) {
    self.start = start
    self.duration = duration
    self.limit = limit
  }

  /// - Parameter emitted: how many the source has given already.
  func includes(_ position: TimeSpan, emitted: Int) -> Bool {
    position >= start && !isPast(position) && emitted < limit ?? .max
  }

  /// Whether neither this position nor any later one can be wanted.
  package func isPast(_ position: TimeSpan) -> Bool { duration.map { position >= start + $0 } ?? false }
}
