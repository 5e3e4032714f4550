package import Media

/// Where in the source one track really holds content. Some `capacity` stretches are kept apart: when there are more,
/// of the gaps that begin close together only the longest stays, all over the source alike; the others are closed
/// and counted.
package struct CoverageLane: Sendable {
  package struct Stretch: Hashable, Sendable {
    package var start: TimeSpan
    package var end: TimeSpan
    package var length: TimeSpan { end - start }
  }

  /// Rounding to flicks moves either border by one at most: less is no gap.
  private static let rounding = TimeSpan(flicks: 2)

  /// Gaps that were closed for want of room.
  package private(set) var closedGaps = 0
  private var pending: [Stretch] = []
  private let capacity: Int

  package init(capacity: Int = 4096) {
    precondition(capacity >= 4, "room for a few stretches")
    self.capacity = capacity
  }

  /// In any order; stretches may overlap.
  package mutating func add(_ start: TimeSpan, _ end: TimeSpan) {
    let stretch = Stretch(start: start.drawable, end: end.drawable)
    guard stretch.start < stretch.end else { return }
    if let last = pending.last, last.start <= stretch.start, stretch.start <= last.end + Self.rounding {
      pending[pending.count - 1].end = max(last.end, stretch.end)
    } else {
      pending.append(stretch)
      if pending.count >= 2 * capacity { compact() }
    }
  }

  /// What is covered, in order, apart from each other.
  package var stretches: [Stretch] { Self.merged(pending) }

  /// What is not covered of `[0, end)`, in order.
  package func gaps(until end: TimeSpan) -> [Stretch] {
    var gaps: [Stretch] = []
    var reached = TimeSpan.zero
    for stretch in stretches where reached < end {
      if stretch.start > reached + Self.rounding {
        gaps.append(Stretch(start: reached, end: min(stretch.start, end)))
      }
      reached = max(reached, stretch.end)
    }
    if reached + Self.rounding < end { gaps.append(Stretch(start: reached, end: end)) }
    return gaps
  }

  private static func merged(_ stretches: [Stretch]) -> [Stretch] {
    var result: [Stretch] = []
    for stretch in stretches.sorted(by: { $0.start < $1.start }) {
      if let last = result.last, stretch.start <= last.end + rounding {
        result[result.count - 1].end = max(last.end, stretch.end)
      } else {
        result.append(stretch)
      }
    }
    return result
  }

  private mutating func compact() {
    pending = Self.merged(pending)
    guard pending.count > capacity else { return }
    let kept = keptGaps()
    var result: [Stretch] = [pending[0]]
    for (index, stretch) in pending.enumerated().dropFirst() {
      if kept.contains(index) {
        result.append(stretch)
      } else {
        result[result.count - 1].end = stretch.end
        closedGaps += 1
      }
    }
    pending = result
  }

  /// The stretches before which a gap stays: the longest of each bin of time.
  private func keptGaps() -> Set<Int> {
    let gaps = zip(pending.dropFirst(), pending).map { $0.start - $1.end }
    var bins = TimeBins<Int>(capacity: capacity / 2, width: TimeSpan(flicks: 1)) { earlier, later in
      if gaps[later - 1] > gaps[earlier - 1] { earlier = later }
    }
    for (index, stretch) in pending.dropLast().enumerated() { bins.add(index + 1, at: stretch.end) }
    return Set(bins.bins.map(\.value))
  }
}
