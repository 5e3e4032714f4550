import Media

/// What the drawing cannot say in figures: epochs, the longest gaps, counters.
enum PortraitTables {
  private static let mostRows = 50

  static func text(_ portrait: SourcePortrait) -> String {
    [epochs(portrait), gaps(portrait), counters(portrait)].joined(separator: "\n")
  }

  private static func epochs(_ portrait: SourcePortrait) -> String {
    let rows = portrait.epochs.map { [String($0.index), $0.start.clock(decimals: 3), $0.reason.rawValue] }
    return table("Epochs", ["epoch", "begins at", "reason"], rows, omitted: portrait.epochsOmitted)
  }

  /// Of sound and picture: text is expected to pause.
  private static func gaps(_ portrait: SourcePortrait) -> String {
    let lanes = portrait.coverage.filter { $0.slot.modality != .text && !$0.lane.stretches.isEmpty }
    let all = lanes.flatMap { slot, lane in lane.gaps(until: portrait.duration).map { (slot, $0) } }
    let longest = all.sorted { $0.1.length > $1.1.length }.prefix(mostRows).sorted { $0.1.start < $1.1.start }
    let rows = longest.map { slot, gap in
      [
        slot.name, gap.start.clock(decimals: 3), gap.end.clock(decimals: 3),
        duration(microseconds: gap.length.microseconds),
      ]
    }
    let closed = lanes.reduce(0) { $0 + $1.lane.closedGaps }
    return table(
      "Gaps", ["track", "from", "to", "length"], rows, omitted: all.count - rows.count + closed)
  }

  private static func counters(_ portrait: SourcePortrait) -> String {
    let rows = portrait.countersInOrder.map { [$0.name, String($0.value)] }
    return table("Counters", ["counter", "value"], rows, omitted: 0)
  }

  /// Nothing without rows.
  private static func table(_ title: String, _ head: [String], _ rows: [[String]], omitted: Int) -> String {
    guard !rows.isEmpty else { return "" }
    let headRow = head.map { "<th>\($0)</th>" }.joined()
    let shown = rows.prefix(mostRows)
    let body = shown.map { row in "<tr>" + row.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>" }
    let left = omitted + rows.count - shown.count
    let rest = left > 0 ? "<p>and \(left) more</p>" : ""
    return """
      <section><h2>\(title)</h2><table><thead><tr>\(headRow)</tr></thead><tbody>
      \(body.joined(separator: "\n"))
      </tbody></table>\(rest)</section>
      """
  }
}
