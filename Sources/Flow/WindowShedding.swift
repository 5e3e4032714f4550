package import Media

/// Lets go what a source gave that nobody can keep up with: whole windows, the oldest first that nothing has been taken
/// of. One that the encoders have begun is completed if there is room for what is still to come of it. What was let go
/// is said before anything else, and what comes later of it is not even kept.
///
/// The unit is a hop of the grid, for windows overlap: a hop goes with all windows that touch it, and what no window
/// needs any more goes too.
package struct WindowShedding: Shedding {
  private let hops: Hops
  /// Windows let go, by the epochs that wait or go on.
  private var losses: [Int32: WindowLosses] = [:]
  /// How far content of the last epoch taken has been taken.
  private var taken: (epoch: Int32, end: Instant)?

  package init(_ grid: Grid) { hops = Hops(grid) }

  package mutating func admit(_ handOver: HandOver) -> HandOver? {
    guard !losses.isEmpty else { return handOver }
    let kept = handOver.items.filter { !isDead($0, losses) }
    return kept.isEmpty ? nil : HandOver(items: kept, arrived: handOver.arrived)
  }

  package mutating func took(_ handOvers: [HandOver]) {
    for item in handOvers.lazy.flatMap(\.items) {
      if case .mark(.epoch(let epoch)) = item { taken = (epoch.index, .zero) }
      guard item.isContent, let (epoch, interval) = item.stretch, !isDead(item, losses) else { continue }
      let before = taken?.epoch == epoch ? taken?.end ?? .zero : .zero
      taken = (epoch, max(before, interval.end, interval.start + TimeSpan(flicks: 1)))
    }
    losses = losses.filter { $0.key == taken?.epoch }
  }

  package mutating func shed(_ waiting: [HandOver], soft: Int, hard: Int) -> [HandOver] {
    let waiting = residue(of: waiting, [:])
    let lost = choose(waiting, soft: soft, hard: hard)
    for (epoch, range) in lost { losses[epoch, default: WindowLosses()].add(hops.windows(touching: range)) }
    return residue(of: waiting, lost)
  }

  private func isDead(_ item: Item, _ losses: [Int32: WindowLosses]) -> Bool {
    guard let (epoch, interval) = item.stretch, let known = losses[epoch] else { return false }
    return known.cover(hops.windows(touching: hops.range(interval)))
  }

  // MARK: What goes

  private struct Place: Hashable, Comparable {
    let epoch: Int32
    let hop: Int64

    static func < (a: Place, b: Place) -> Bool { (a.epoch, a.hop) < (b.epoch, b.hop) }
  }

  /// The hops to let go, a stretch in each epoch.
  private func choose(_ waiting: [HandOver], soft: Int, hard: Int) -> [Int32: ClosedRange<Int64>] {
    let weight = waiting.reduce(0) { $0 + $1.byteCount }
    let items = waiting.flatMap(\.items).compactMap { item in
      item.stretch.map {
        (weight: item.byteCount, epoch: $0.epoch, hops: hops.range($0.interval), isContent: item.isContent)
      }
    }
    // A mark may speak of days.
    let places = Set(
      items.flatMap { item in
        item.hops.prefix(item.isContent ? .max : 1).map { Place(epoch: item.epoch, hop: $0) }
      }
    ).sorted()
    let begun = places.filter { $0.epoch == taken?.epoch && $0.hop < firstFree }
    let free = places.filter { $0.epoch != taken?.epoch || $0.hop >= firstFree }
    let order = free + begun.reversed()

    func stretches(_ count: Int) -> [Int32: ClosedRange<Int64>] {
      order.prefix(count).reduce(into: [:]) { found, place in
        let known = found[place.epoch] ?? place.hop...place.hop
        found[place.epoch] = min(known.lowerBound, place.hop)...max(known.upperBound, place.hop)
      }
    }
    func rest(_ count: Int) -> Int {
      var all = losses
      for (epoch, range) in stretches(count) { all[epoch, default: WindowLosses()].add(hops.windows(touching: range)) }
      return items.reduce(weight) { left, item in
        let isDead = all[item.epoch]?.cover(hops.windows(touching: item.hops)) ?? false
        return isDead ? left - item.weight : left
      }
    }
    /// The fewest that leave no more than so much.
    func fewest(_ limit: Int) -> Int {
      var (low, high) = (0, order.count)
      while low < high {
        let middle = (low + high) / 2
        if rest(middle) <= limit { high = middle } else { low = middle + 1 }
      }
      return low
    }
    let wanted = fewest(soft)
    return stretches(wanted <= free.count ? wanted : fewest(hard))
  }

  /// The first hop of the epoch taken last that no window needs which has been begun.
  private var firstFree: Int64 {
    guard let taken, taken.end > .zero else { return 0 }
    var last = hops.index(taken.end - TimeSpan(flicks: 1))
    let first = max(0, last - hops.perWindow)
    while last >= first, losses[taken.epoch]?.cover(last...last) ?? false { last -= 1 }
    return last < first ? 0 : last + hops.perWindow
  }

  // MARK: What stays

  private func residue(of waiting: [HandOver], _ lost: [Int32: ClosedRange<Int64>]) -> [HandOver] {
    var said = lost.mapValues { [hops.interval($0)] }
    for case .mark(.dropped(let epoch, let interval)) in waiting.lazy.flatMap(\.items) {
      said[epoch, default: []].append(interval)
    }
    func saying(_ epoch: Int32) -> [Item] {
      (said.removeValue(forKey: epoch) ?? []).merged.map { .mark(.dropped(epoch: epoch, $0)) }
    }
    var kept: [HandOver] = []
    for handOver in waiting {
      var items: [Item] = []
      for item in handOver.items where !isDead(item, losses) {
        switch item {
        case .mark(.dropped): break
        case .mark(.epoch(let epoch)): items += [item] + saying(epoch.index)
        default: items.append(item)
        }
      }
      kept.add(items, handOver.arrived)
    }
    // Of the epoch that was open before all that waits.
    let first = said.keys.sorted().flatMap(saying)
    guard !first.isEmpty, let arrived = waiting.first?.arrived else { return kept }
    return [HandOver(items: first, arrived: arrived)] + kept
  }
}

extension [HandOver] {
  /// Puts items behind the last; where neither has content, what is said twice is said once.
  fileprivate mutating func add(_ items: [Item], _ arrived: Duration) {
    guard !items.isEmpty else { return }
    guard let last, !last.items.contains(where: \.isSubstantial), !items.contains(where: \.isSubstantial) else {
      return append(HandOver(items: items, arrived: arrived))
    }
    self[count - 1] = HandOver(items: (last.items + items).latest, arrived: arrived)
  }
}

extension Item {
  /// More than where a track has come to.
  fileprivate var isSubstantial: Bool {
    switch self {
    case .mark(.reached), .mark(.wall), .mark(.dropped): false
    default: true
    }
  }
}

extension [Item] {
  /// Watermarks and times of the wall without those that a later one replaces.
  fileprivate var latest: [Item] {
    var known: Set<String> = []
    let kept = reversed().filter { item in
      switch item {
      case .mark(.reached(let slot, _)): known.insert(slot.name).inserted
      case .mark(.wall): known.insert("").inserted
      default: true
      }
    }
    return kept.reversed()
  }
}

extension [Interval] {
  /// The same stretches, as few as may be, in their order.
  fileprivate var merged: [Interval] {
    sorted { $0.start < $1.start }.reduce(into: []) { found, next in
      guard let last = found.last, next.start <= last.end else { return found.append(next) }
      found[found.count - 1].end = Swift.max(last.end, next.end)
    }
  }
}
