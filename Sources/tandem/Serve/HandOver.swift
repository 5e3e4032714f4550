import Media

/// What a source gave at once, and when that was by the monotonic clock.
struct HandOver: Sendable {
  var items: [Item]
  var arrived: Duration

  /// What it weighs on its way to the encoders.
  var byteCount: Int { items.reduce(0) { $0 + $1.byteCount } }
}

extension HandOver {
  /// Makes room in a lane that is full: the content of the older half is let go, and what was let go is said before
  /// anything else, so that the windows it touches are dropped whole. Marks that later content stands on stay.
  static func shed(_ waiting: [HandOver]) -> [HandOver] {
    let weight = waiting.reduce(0) { $0 + $1.byteCount }
    var (old, passed) = (0, 0)
    while old < waiting.count - 1, passed < weight / 2 {
      passed += waiting[old].byteCount
      old += 1
    }
    // One hand-over alone that is too heavy is let go itself.
    let shed = max(old, waiting.count == 1 ? 1 : 0)
    guard shed > 0 else { return waiting }
    let light = Residue(of: waiting[..<shed].flatMap(\.items)).items
    return [HandOver(items: light, arrived: waiting[0].arrived)] + waiting[shed...]
  }
}

/// What stays of items that were let go.
private struct Residue {
  private(set) var items: [Item] = []
  private var epoch: Int32?
  private var lost: Interval?
  private var reached: [Slot: Instant] = [:]
  private var wall: WallTime?

  init(of shed: [Item]) {
    for item in shed { take(item) }
    flush()
  }

  private mutating func take(_ item: Item) {
    switch item {
    case .sound(let run):
      let rate = Ratio(Int64(run.rate))
      lose(
        run.epoch,
        Interval(
          Instant(index: run.firstSample, rate: rate),
          Instant(index: run.firstSample + Int64(run.samples.count), rate: rate)))
    case .picture(let picture): lose(picture.epoch, moment(picture.instant))
    case .mark(let mark): take(mark)
    }
  }

  private mutating func take(_ mark: Mark) {
    switch mark {
    case .covered(let coverage): lose(coverage.epoch, coverage.interval)
    case .shown(let frame): lose(frame.epoch, moment(frame.instant))
    case .cue(let cue): lose(cue.epoch, cue.interval)
    case .dropped(let epoch, let interval): lose(epoch, interval)
    case .reached(let slot, let instant): reached[slot] = instant
    case .wall(let time): wall = time
    case .opened, .epoch, .closed, .ended:
      flush()
      items.append(.mark(mark))
    }
  }

  private func moment(_ instant: Instant) -> Interval { Interval(instant, instant + TimeSpan(flicks: 1)) }

  private mutating func lose(_ epoch: Int32, _ interval: Interval) {
    self.epoch = epoch
    lost = lost.map { Interval(min($0.start, interval.start), max($0.end, interval.end)) } ?? interval
  }

  /// What was let go comes before the watermarks that complete windows.
  private mutating func flush() {
    if let epoch, let lost { items.append(.mark(.dropped(epoch: epoch, lost))) }
    if let wall { items.append(.mark(.wall(wall))) }
    items += reached.sorted { $0.key.name < $1.key.name }.map { .mark(.reached($0.key, $0.value)) }
    (epoch, lost, reached, wall) = (nil, nil, [:], nil)
  }
}
