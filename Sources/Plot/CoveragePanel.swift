import Media

/// A bar a track: filled where it holds content, slanted lines where it should and does not.
extension Page {
  private static let laneHeight = 18
  private static let mostTracks = 12
  /// Gaps are drawn at least this wide: a lost frame in an hour is seen.
  private static let narrowestGap = 2
  /// What is narrower has no room for slanted lines.
  private static let narrowestHatch = 6

  mutating func addCoverage() {
    for (slot, lane) in portrait.coverage.prefix(Self.mostTracks) {
      let stretches = lane.stretches
      let figure = stretches.isEmpty ? "" : share(stretches)
      let panel = addPanel(height: Self.laneHeight, label: slot.name, figure: figure)
      y -= Self.gap / 2
      guard !stretches.isEmpty else {
        add(.text("no content", x: panel.x + 8, top: panel.y + 2, TextStyle()))
        continue
      }
      addStretches(stretches, slot, in: panel)
      if slot.modality != .text { addGaps(lane.gaps(until: portrait.duration), in: panel) }
    }
    if !portrait.coverage.isEmpty { y += Self.gap / 2 }
  }

  /// Stretches that share a column are drawn as one.
  private mutating func addStretches(_ stretches: [CoverageLane.Stretch], _ slot: Slot, in panel: Box) {
    var runs: [Range<Int>] = []
    for columns in stretches.map({ axis.columns($0.start, $0.end) }) {
      if let last = runs.last, columns.lowerBound <= last.upperBound {
        runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, columns.upperBound)
      } else {
        runs.append(columns)
      }
    }
    for run in runs {
      let box = Box(x: run.lowerBound, y: panel.y, width: run.count, height: panel.height)
      add(.fill(box, Ink(slot.modality), title: slot.name))
    }
  }

  private mutating func addGaps(_ gaps: [CoverageLane.Stretch], in panel: Box) {
    var drawn: [(columns: Range<Int>, gaps: [CoverageLane.Stretch])] = []
    for gap in gaps {
      let columns = visible(axis.columns(gap.start, gap.end))
      if let last = drawn.last, columns.lowerBound < last.columns.upperBound {
        let end = max(last.columns.upperBound, columns.upperBound)
        drawn[drawn.count - 1] = (last.columns.lowerBound..<end, last.gaps + [gap])
      } else {
        drawn.append((columns, [gap]))
      }
    }
    for (columns, gaps) in drawn {
      let box = Box(x: columns.lowerBound, y: panel.y, width: columns.count, height: panel.height)
      let title = Self.describe(gaps)
      add(box.width < Self.narrowestHatch ? .fill(box, .gap, title: title) : .hatch(box, title: title))
    }
  }

  private func visible(_ columns: Range<Int>) -> Range<Int> {
    let missing = Self.narrowestGap - columns.count
    guard missing > 0 else { return columns }
    let start = min(max(axis.left, columns.lowerBound - missing / 2), axis.right - Self.narrowestGap)
    return start..<start + Self.narrowestGap
  }

  private static func describe(_ gaps: [CoverageLane.Stretch]) -> String {
    let total = duration(microseconds: gaps.reduce(0) { $0 + $1.length.microseconds })
    let start = gaps[0].start.clock(decimals: 3)
    let end = gaps[gaps.count - 1].end.clock(decimals: 3)
    return "\(counted(gaps.count, "gap")), \(start) – \(end), \(total)"
  }

  /// Covered share of the whole in percent; never 100 while something is missing.
  private func share(_ stretches: [CoverageLane.Stretch]) -> String {
    let covered = stretches.reduce(TimeSpan.zero) { $0 + (min($1.end, axis.span) - min($1.start, axis.span)) }
    let thousandths = scale(covered.flicks, by: 1000, over: axis.span.flicks, .down)
    return thousandths >= 1000 ? "100 %" : "\(fixed(Double(thousandths) / 10, 1)) %"
  }
}
