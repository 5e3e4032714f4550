import Media
import Testing

/// Rates that flicks hold exactly: pictures, sound, and the ticks of containers.
private let exactRates =
  [24, 25, 30, 48, 50, 60, 90, 100, 120].map { Ratio($0) }
  + [24, 30, 48, 60, 120].map { Ratio($0 * 1000, 1001) }
  + [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176_400, 192_000].map {
    Ratio($0)
  } + [Ratio(90_000), Ratio(1000), Ratio(1, 3), Ratio(1)]
/// Rates that they do not.
private let roundedRates = [Ratio(44_101), Ratio(48_048), Ratio(11_111), Ratio(999, 7), Ratio(19_001, 3)]
private let fourHundredYears = TimeSpan(seconds: 400 * 366 * 86_400)

@Suite struct TimeSpanTests {
  @Test(arguments: exactRates)
  func oneUnitIsAWholeNumberOfFlicks(_ rate: Ratio) {
    let (flicks, rest) = (TimeSpan.flicksPerSecond * rate.denominator).quotientAndRemainder(
      dividingBy: rate.numerator)
    #expect(rest == 0)
    #expect(TimeSpan(ticks: 1, rate.inverse) == TimeSpan(flicks: flicks))
    for n: Int64 in [2, 3, 1001, 86_400, 1 << 31] where n < fourHundredYears.ticks(rate.inverse) {
      #expect(TimeSpan(ticks: n, rate.inverse).flicks == n * flicks)
      #expect(TimeSpan(ticks: -n, rate.inverse).flicks == -n * flicks)
    }
  }

  @Test(arguments: roundedRates)
  func otherRatesRoundToTheNearestFlick(_ rate: Ratio) {
    for n: Int64 in [0, 1, 2, 3, 5, 44_100, 44_101, 1_000_003, 158_763_601] {
      let flicks = TimeSpan(ticks: n, rate.inverse).flicks
      let error = Int128(flicks) * Int128(rate.numerator) - Int128(n * rate.denominator) * 705_600_000
      #expect(2 * abs(error) <= Int128(rate.numerator))
      #expect(TimeSpan(ticks: -n, rate.inverse).flicks == -flicks)
    }
  }

  @Test(arguments: exactRates + roundedRates)
  func ticksSurviveTheWayToFlicksAndBack(_ rate: Ratio) {
    let last = fourHundredYears.ticks(rate.inverse)
    for n in [0, 1, 7, last / 3, last - 1, last] {
      #expect(TimeSpan(ticks: n, rate.inverse).ticks(rate.inverse) == n)
      #expect(TimeSpan(ticks: -n, rate.inverse).ticks(rate.inverse) == -n)
    }
  }

  @Test func fourHundredYearsDoNotOverflow() {
    let span = fourHundredYears
    #expect(TimeSpan(seconds: 290 * 366 * 86_400).nanoseconds == 290 * 366 * 86_400 * 1_000_000_000)
    #expect(span.nanoseconds == .max)  // beyond 292 years: clamped
    #expect(span.ticks(Ratio(1, 192_000)) == 400 * 366 * 86_400 * 192_000)
    #expect(TimeSpan(ticks: 400 * 366 * 86_400 * 90_000, Ratio(1, 90_000)) == span)
    let far = Instant(flicks: span.flicks)
    #expect(far.nearestIndex(rate: Ratio(192_000)) == 400 * 366 * 86_400 * 192_000)
    #expect(far.firstIndex(rate: Ratio(30_000, 1001)) == 379_089_710_290)  // ⌈12 648 960 000 s · 30 000 / 1001⌉
    let grid = Grid(length: TimeSpan(seconds: 2), hop: TimeSpan(seconds: 1), pictureRate: Ratio(2))
    #expect(grid.windowCount(end: far) == 400 * 366 * 86_400 - 1)
  }

  @Test func conversionsBeyondInt64AreClamped() {
    #expect(scale(.max, by: .max, over: 1) == .max)
    #expect(scale(.min, by: .max, over: 1) == .min)
    #expect(scale(.max, by: .max, over: .max) == .max)
  }

  @Test(
    arguments: [
      (7, 2, 4, 3, 4), (6, 2, 3, 3, 3), (-7, 2, -4, -4, -3), (-6, 2, -3, -3, -3), (10, 3, 3, 3, 4),
      (-10, 3, -3, -4, -3),
      (11, 3, 4, 3, 4), (0, 5, 0, 0, 0),
    ] as [(Int64, Int64, Int64, Int64, Int64)])
  func scaleRoundsAsItIsTold(_ value: Int64, _ divisor: Int64, _ nearest: Int64, _ down: Int64, _ up: Int64) {
    #expect(scale(value, by: 1, over: divisor) == nearest)
    #expect(scale(value, by: 1, over: divisor, .down) == down)
    #expect(scale(value, by: 1, over: divisor, .up) == up)
  }

  @Test func outputUnitsAreRoundedOnce() {
    #expect(TimeSpan(ticks: 1, Ratio(1, 44_100)).nanoseconds == 22_676)
    #expect(TimeSpan(milliseconds: -1500).nanoseconds == -1_500_000_000)
    #expect(TimeSpan(milliseconds: 3).microseconds == 3000)
    #expect(TimeSpan(milliseconds: 2500).seconds == 2.5)
    #expect(TimeSpan(flicks: -5).magnitude == TimeSpan(flicks: 5))
  }
}

@Suite struct InstantTests {
  @Test(arguments: exactRates + roundedRates)
  func aSampleIsFoundAtItsOwnInstant(_ rate: Ratio) {
    for n: Int64 in [0, 1, 2, 1023, 44_101, 1_000_003] {
      #expect(Instant(index: n, rate: rate).nearestIndex(rate: rate) == n)
    }
  }

  @Test(arguments: exactRates)
  func theFirstIndexIsAtOrAfterTheInstant(_ rate: Ratio) {
    for n: Int64 in [0, 1, 5, 1024] {
      let instant = Instant(index: n, rate: rate)
      #expect(instant.firstIndex(rate: rate) == n)
      #expect((instant + TimeSpan(flicks: 1)).firstIndex(rate: rate) == n + 1)
      #expect((instant - TimeSpan(flicks: 1)).firstIndex(rate: rate) == n)
    }
  }

  @Test func overlapIsWhatTwoIntervalsShare() {
    func span(_ start: Int64, _ end: Int64) -> Interval { Interval(Instant(flicks: start), Instant(flicks: end)) }
    #expect(span(0, 10).overlap(span(4, 20)) == TimeSpan(flicks: 6))
    #expect(span(4, 20).overlap(span(0, 10)) == TimeSpan(flicks: 6))
    #expect(span(0, 10).overlap(span(2, 3)) == TimeSpan(flicks: 1))
    #expect(span(0, 10).overlap(span(10, 20)) == .zero)
    #expect(span(0, 10).overlap(span(30, 40)) == .zero)
    #expect(span(5, 5).isEmpty && !span(5, 6).isEmpty)
  }

  @Test func nothingIsLaterThanTheEnd() {
    #expect(Instant(flicks: fourHundredYears.flicks) < .end)
    #expect(Instant.zero < .end)
  }
}
