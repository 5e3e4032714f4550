/// A length of time in flicks (1/705 600 000 s): exact for the usual frame rates, sample rates,
/// 90 kHz and milliseconds. No `Double` ever carries time.
package struct TimeSpan: Hashable, Comparable, Sendable {
  package static let flicksPerSecond: Int64 = 705_600_000
  package static let zero = TimeSpan(flicks: 0)

  package var flicks: Int64

  package init(flicks: Int64) { self.flicks = flicks }

  package init(seconds: Int64) { flicks = seconds * Self.flicksPerSecond }

  package init(milliseconds: Int64) { flicks = milliseconds * (Self.flicksPerSecond / 1000) }

  /// `ticks` units of `timeBase` seconds, rounded to the nearest flick (ties away from zero). Beyond 400 years it
  /// stays at the border, as all arithmetic here does: stamps come from strangers.
  package init(ticks: Int64, _ timeBase: Ratio) {
    let (factor, isBeyond) = timeBase.numerator.multipliedReportingOverflow(by: Self.flicksPerSecond)
    flicks = scale(ticks, by: isBeyond ? .max : factor, over: timeBase.denominator)
  }

  /// This span counted in units of `timeBase` seconds, rounded to the nearest (ties away from zero).
  package func ticks(_ timeBase: Ratio) -> Int64 {
    scale(flicks, by: timeBase.denominator, over: timeBase.numerator * Self.flicksPerSecond)
  }

  /// Whole nanoseconds, rounded to the nearest: for output only.
  package var nanoseconds: Int64 { scale(flicks, by: 1_000_000_000, over: Self.flicksPerSecond) }

  /// Microseconds as a real number: for output only.
  package var microseconds: Double { Double(flicks) / (Double(Self.flicksPerSecond) / 1_000_000) }

  /// Seconds as a real number: for output only.
  package var seconds: Double { Double(flicks) / Double(Self.flicksPerSecond) }

  package static func < (a: Self, b: Self) -> Bool { a.flicks < b.flicks }
  package static func + (a: Self, b: Self) -> Self { Self(flicks: saturated(a.flicks, plus: b.flicks)) }
  package static func - (a: Self, b: Self) -> Self { Self(flicks: saturated(a.flicks, minus: b.flicks)) }
  package static func * (a: Self, n: Int64) -> Self { Self(flicks: scale(a.flicks, by: n, over: 1)) }
  package static prefix func - (a: Self) -> Self { .zero - a }
  package static func += (a: inout Self, b: Self) { a = a + b }
  package var magnitude: Self { flicks < 0 ? -self : self }
}

/// A point on the timeline of one epoch, in flicks since that epoch's zero.
package struct Instant: Hashable, Comparable, Sendable {
  package static let zero = Instant(flicks: 0)
  /// Later than anything: the watermark of a track that has ended.
  package static let end = Instant(flicks: .max)

  package var flicks: Int64

  package init(flicks: Int64) { self.flicks = flicks }

  /// The instant of sample (or frame) number `index` at `rate` per second, rounded to the nearest flick.
  package init(index: Int64, rate: Ratio) { flicks = TimeSpan(ticks: index, rate.inverse).flicks }

  package var sinceZero: TimeSpan { TimeSpan(flicks: flicks) }

  /// The number of the first sample at `rate` per second at or after this instant.
  package func firstIndex(rate: Ratio) -> Int64 {
    scale(flicks, by: rate.numerator, over: rate.denominator * TimeSpan.flicksPerSecond, .up)
  }

  /// The number of the sample at `rate` per second that is nearest to this instant.
  package func nearestIndex(rate: Ratio) -> Int64 {
    scale(flicks, by: rate.numerator, over: rate.denominator * TimeSpan.flicksPerSecond)
  }

  package static func < (a: Self, b: Self) -> Bool { a.flicks < b.flicks }
  package static func + (a: Self, b: TimeSpan) -> Self { Self(flicks: saturated(a.flicks, plus: b.flicks)) }
  package static func - (a: Self, b: TimeSpan) -> Self { Self(flicks: saturated(a.flicks, minus: b.flicks)) }
  package static func - (a: Self, b: Self) -> TimeSpan { TimeSpan(flicks: saturated(a.flicks, minus: b.flicks)) }
}

/// A half-open stretch `[start, end)` of one epoch.
package struct Interval: Hashable, Sendable {
  package var start: Instant
  package var end: Instant

  package init(_ start: Instant, _ end: Instant) {
    self.start = start
    self.end = end
  }

  package var length: TimeSpan { end - start }
  package var isEmpty: Bool { end <= start }

  /// How long this and `other` overlap; zero when they do not.
  package func overlap(_ other: Interval) -> TimeSpan {
    max(.zero, min(end, other.end) - max(start, other.start))
  }
}

/// A positive rational: a time base in seconds per tick, or a rate in units per second.
package struct Ratio: Hashable, Sendable {
  package let numerator: Int64
  package let denominator: Int64

  package init(_ numerator: Int64, _ denominator: Int64 = 1) {
    precondition(numerator > 0 && denominator > 0, "a ratio is positive")
    self.numerator = numerator
    self.denominator = denominator
  }

  package var inverse: Ratio { Ratio(denominator, numerator) }
}

extension Ratio: CustomStringConvertible {
  package var description: String { "\(numerator)/\(denominator)" }
}

private func saturated(_ a: Int64, plus b: Int64) -> Int64 {
  let (sum, isBeyond) = a.addingReportingOverflow(b)
  return isBeyond ? (b < 0 ? .min : .max) : sum
}

private func saturated(_ a: Int64, minus b: Int64) -> Int64 {
  let (difference, isBeyond) = a.subtractingReportingOverflow(b)
  return isBeyond ? (b < 0 ? .max : .min) : difference
}

/// `value · numerator / denominator` without intermediate overflow.
package func scale(
  _ value: Int64, by numerator: Int64, over denominator: Int64,
  _ rounding: FloatingPointRoundingRule = .toNearestOrAwayFromZero
) -> Int64 {
  let product = Int128(value) * Int128(numerator)
  let divisor = Int128(denominator)
  var (quotient, remainder) = product.quotientAndRemainder(dividingBy: divisor)
  if remainder < 0 {  // floor first
    quotient -= 1
    remainder += divisor
  }
  switch rounding {
  case .down: break
  case .up: quotient += remainder > 0 ? 1 : 0
  default:
    let twice = 2 * remainder
    quotient += twice > divisor || (twice == divisor && product >= 0) ? 1 : 0
  }
  return Int64(clamping: quotient)
}
