import Media
import Testing

@testable import Intake

/// Our clock says 2026; source time runs with the monotonic clock, from zero.
@Suite struct SenderClockTests {
  private var clock = SenderClock()
  private let wall = TimeSpan(seconds: 1_790_000_000)

  /// A report every 40 ms from `begin` to `end` of the source's seconds, of a clock that is off by `error`.
  private mutating func report(from begin: Int64, to end: Int64, error: TimeSpan) {
    for n in 25 * begin..<25 * end {
      let now = TimeSpan(milliseconds: 40 * n)
      clock.observe(wall + now + error, at: now, now: now, wall: wall + now)
    }
  }

  @Test(arguments: [0, 5, -5, 900, -900] as [Int64])
  func aClockThatIsOffByMinutesIsBelieved(_ error: Int64) {
    var test = self
    test.report(from: 0, to: 30, error: TimeSpan(seconds: error))
    #expect(test.clock.offset(now: TimeSpan(seconds: 30)) == wall + TimeSpan(seconds: error))
    #expect(test.clock.rejected == 0)
  }

  @Test(arguments: [-1_790_000_000, -86_400, 3600, -47_722] as [Int64])
  func aClockThatWasNeverSetIsNotBelievedAndCounted(_ error: Int64) {
    var test = self
    test.report(from: 0, to: 30, error: TimeSpan(seconds: error))
    #expect(test.clock.offset(now: TimeSpan(seconds: 30)) == nil)
    #expect(test.clock.rejected == 750)
  }

  @Test func theErasOfNTPAreTold() {
    var clock = SenderClock()
    // The year 2040, which a reader of 32 bits takes for 1904.
    let wall = TimeSpan(seconds: 2_208_988_800)
    clock.observe(wall - TimeSpan(seconds: 1 << 32), at: .zero, now: .zero, wall: wall)
    #expect(clock.offset(now: .zero) == wall && clock.rejected == 0)
  }

  @Test mutating func aWrapBetweenTwoReportsMovesNothing() {
    report(from: 0, to: 30, error: .zero)
    report(from: 30, to: 35, error: TimeSpan(ticks: -(1 << 32), Ratio(1, 90_000)))
    #expect(clock.offset(now: TimeSpan(seconds: 35)) == wall && clock.rejected == 125)
    report(from: 35, to: 60, error: .zero)
    #expect(clock.offset(now: TimeSpan(seconds: 60)) == wall && clock.spread == .zero)
  }

  @Test mutating func whoIsNotBelievedAnyMoreTellsNothingAfterAMinute() {
    report(from: 0, to: 30, error: .zero)
    report(from: 30, to: 100, error: TimeSpan(seconds: 7200))
    #expect(clock.offset(now: TimeSpan(seconds: 80)) == wall)
    #expect(clock.offset(now: TimeSpan(seconds: 100)) == nil)
  }

  @Test mutating func whenOurOwnClockIsSetReportsAreBelieved() {
    clock.observe(wall, at: .zero, now: .zero, wall: .zero)
    #expect(clock.offset(now: .zero) == nil)
    clock.observe(wall, at: .zero, now: .zero, wall: wall)
    #expect(clock.offset(now: .zero) == wall)
  }
}
