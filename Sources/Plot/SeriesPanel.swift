import Media

/// What the windows say over time: how sure their instants are, and the measured offset of sound against picture.
extension Page {
  private static let lineWidth = 3

  /// Worst bound of each stretch on a logarithmic axis, coloured by state; windows that failed below it.
  mutating func addTimeCertainty() {
    let points = portrait.windows.points
    let values = points.compactMap(\.uncertaintyMicroseconds)
    if !values.isEmpty {
      let panel = addPanel(height: 76, label: "time ±")
      let values = ValueAxis.logarithmic(microseconds: values, in: panel)
      addTicks(values, panel)
      for segment in segments(points, Certainty.init) {
        let bound = duration(microseconds: segment.value.microseconds)
        let state = segment.value.state
        let title = "\(segment.times) \(state?.rawValue ?? "state unknown"), ±\(bound)"
        addLine(at: values.y(segment.value.microseconds), segment.columns, state.map(Ink.init) ?? .muted, title)
      }
    }
    addFailures(points)
  }

  /// Mean offset within its 95 % interval, in milliseconds.
  mutating func addOffsets() {
    let points = portrait.windows.points
    guard !points.isEmpty, hasContent(.audio), hasContent(.video) else { return }
    let panel = addPanel(height: 100, label: "A/V sync")
    let offsets = points.compactMap(\.offset)
    guard !offsets.isEmpty else {
      add(.text("cannot tell", x: panel.x + 8, top: panel.y + 8, TextStyle()))
      return
    }
    let values = ValueAxis.symmetric(milliseconds: Self.reach(offsets), in: panel)
    let found = segments(points, \.offset)
    for segment in found {
      let top = values.y(segment.value.high)
      let height = values.y(segment.value.low) - top + 1
      let box = Box(x: segment.columns.lowerBound, y: top, width: segment.columns.count, height: height)
      add(.fill(box, .interval, title: segment.offsetTitle))
    }
    addTicks(values, panel)
    for segment in found {
      addLine(at: values.y(segment.value.milliseconds), segment.columns, .offset, segment.offsetTitle)
    }
  }

  func hasContent(_ modality: Modality) -> Bool {
    portrait.coverage.contains { $0.slot.modality == modality && !$0.lane.stretches.isEmpty }
  }

  /// Far enough for every mean and for nine in ten intervals: a few wide ones must not flatten the rest.
  private static func reach(_ offsets: [WindowSeries.Offset]) -> Double {
    let farthestMean = offsets.map { $0.milliseconds.magnitude }.max() ?? 0
    let borders = offsets.map { max($0.low.magnitude, $0.high.magnitude) }.sorted()
    let most = borders.isEmpty ? 0 : borders[(borders.count - 1) * 9 / 10]
    return max(20, 1.1 * farthestMean, most)
  }

  /// A strip that shows where windows have no proper record.
  private mutating func addFailures(_ points: [WindowSeries.Point]) {
    guard points.contains(where: { $0.failed > 0 }) else { return }
    let panel = addPanel(height: 18, label: "not ok")
    for point in points where point.failed > 0 {
      let columns = axis.columns(point.start, point.end)
      let box = Box(x: columns.lowerBound, y: panel.y, width: columns.count, height: panel.height)
      add(.hatch(box, title: "\(point.start.clock(decimals: 3)) \(counted(point.failed, "window")) not ok"))
    }
  }

  private mutating func addTicks(_ values: ValueAxis, _ panel: Box) {
    let style = TextStyle()
    for (value, label) in values.ticks {
      let y = values.y(value)
      add(.fill(Box(x: panel.x, y: y, width: panel.width, height: 1), .grid, title: nil))
      let top = min(max(y - style.capHeight / 2, panel.y), panel.bottom - style.capHeight)
      add(.text(label, x: panel.right + 10, top: top, style))
    }
  }

  private mutating func addLine(at y: Int, _ columns: Range<Int>, _ ink: Ink, _ title: String) {
    let box = Box(x: columns.lowerBound, y: y - Self.lineWidth / 2, width: columns.count, height: Self.lineWidth)
    add(.fill(box, ink, title: title))
  }
}

private struct Certainty: Equatable {
  var state: TimeState?
  var microseconds: Double

  init?(_ point: WindowSeries.Point) {
    guard let microseconds = point.uncertaintyMicroseconds else { return nil }
    state = point.state
    self.microseconds = microseconds
  }
}

/// Neighbouring points of one value.
private struct Segment<Value: Equatable> {
  var start: TimeSpan
  var end: TimeSpan
  var columns: Range<Int>
  var value: Value

  var times: String { "\(start.clock(decimals: 3)) – \(end.clock(decimals: 3))" }
}

extension Segment where Value == WindowSeries.Offset {
  fileprivate var offsetTitle: String {
    "\(times) \(fixed(value.milliseconds, 1)) ms (\(fixed(value.low, 1)) … \(fixed(value.high, 1)))"
  }
}

extension Page {
  /// Each point lasts until the next one begins, or to its own end before a hole.
  private func segments<Value: Equatable>(
    _ points: [WindowSeries.Point], _ value: (WindowSeries.Point) -> Value?
  ) -> [Segment<Value>] {
    var segments: [Segment<Value>] = []
    for (index, point) in points.enumerated() {
      guard let value = value(point) else { continue }
      let next = index + 1 < points.count ? points[index + 1].start : point.end
      let end = min(point.end, next)
      let columns = axis.columns(point.start, end)
      if let last = segments.last, last.value == value, last.end == point.start {
        segments[segments.count - 1].end = end
        segments[segments.count - 1].columns = last.columns.lowerBound..<columns.upperBound
      } else {
        segments.append(Segment(start: point.start, end: end, columns: columns, value: value))
      }
    }
    return segments
  }
}
