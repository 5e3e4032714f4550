import Media

/// Source positions to pixels: `[0, span]` over `[left, left + width]`.
struct TimeAxis: Sendable {
  let span: TimeSpan
  let left: Int
  let width: Int
  /// From one labelled tick to the next.
  let step: TimeSpan
  /// Digits of the second in labels, as many as `step` needs.
  let decimals: Int

  /// A source without any length gets an axis of one second.
  init(duration: TimeSpan, left: Int, width: Int) {
    span = duration > .zero ? duration.drawable : TimeSpan(seconds: 1)
    self.left = left
    self.width = width
    (step, decimals) = Self.ticks(span: span, width: width)
  }

  var right: Int { left + width }

  var ticks: [TimeSpan] {
    (0...span.flicks / step.flicks).map { step * $0 }
  }

  func label(_ position: TimeSpan) -> String { position.clock(decimals: decimals) }

  /// The pixel column of a position, held inside the axis.
  func x(_ position: TimeSpan) -> Int {
    left + Int(scale(min(position.drawable, span).flicks, by: Int64(width), over: span.flicks, .down))
  }

  /// The columns that `[start, end)` touches: at least one.
  func columns(_ start: TimeSpan, _ end: TimeSpan) -> Range<Int> {
    let from = min(x(start), right - 1)
    let last = scale(min(end.drawable, span).flicks, by: Int64(width), over: span.flicks, .up)
    return from..<max(from + 1, left + Int(last))
  }

  private static func ticks(span: TimeSpan, width: Int) -> (step: TimeSpan, decimals: Int) {
    for (step, decimals) in candidates {
      let label = TextStyle().width(of: span.clock(decimals: decimals))
      let room = max(1, width / (label + 28))
      if span.flicks / step.flicks <= Int64(room) { return (step, decimals) }
    }
    return (TimeSpan(flicks: span.flicks / 4), 0)
  }

  /// Steps from 1 µs to some years, with the digits that tell them apart.
  private static let candidates: [(TimeSpan, Int)] = {
    let microsecond = TimeSpan(ticks: 1, Ratio(1, 1_000_000))
    let fractions: [(TimeSpan, Int)] = (0..<6).flatMap { exponent in
      [1, 2, 5].map { (microsecond * $0 * power(10, exponent), 6 - exponent) }
    }
    let clock: [Int64] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]
    let hours: [Int64] = (0..<6).flatMap { exponent in [1, 2, 3, 6].map { $0 * 3600 * power(10, exponent) } }
    return fractions + (clock + hours).map { (TimeSpan(seconds: $0), 0) }
  }()
}
