import Media
import Testing

@testable import Intake

@Suite struct WallEstimateTests {
  private var estimate = WallEstimate()

  /// A packet every 40 ms for `seconds`, each up to 30 ms late, from a clock that is off by `ppm` millionths.
  private mutating func arrive(seconds: Int64, ppm: Int64 = 0, offset: TimeSpan = TimeSpan(seconds: 500)) {
    for n in 0..<25 * seconds {
      let now = TimeSpan(milliseconds: 40 * n)
      let late = TimeSpan(milliseconds: n * 7919 % 31)
      let drift = TimeSpan(flicks: scale(now.flicks, by: ppm, over: 1_000_000))
      estimate.observe(offset + drift + late, now: now + late)
    }
  }

  @Test mutating func theLeastLatePacketTells() {
    arrive(seconds: 30)
    #expect(estimate.offset == TimeSpan(seconds: 500))
    #expect(estimate.spread == TimeSpan(milliseconds: 30))
  }

  @Test func nothingIsKnownBeforeAPacket() {
    #expect(estimate.offset == nil && estimate.driftPPM == nil)
  }

  @Test mutating func driftIsToldAfterAMinute() {
    arrive(seconds: 60, ppm: 100)
    #expect(estimate.driftPPM == nil)
    estimate = WallEstimate()
    arrive(seconds: 90, ppm: 100)
    #expect(abs(estimate.driftPPM! - 100) < 5)
  }

  @Test(arguments: [-250, 0, 40] as [Int64])
  func driftIsToldOverHoursInBoundedMemory(_ ppm: Int64) {
    var test = self
    test.arrive(seconds: 7200, ppm: ppm)
    #expect(abs(test.estimate.driftPPM! - Float(ppm)) < 1)
  }

  @Test mutating func aDelayThatGrowsIsFollowed() {
    arrive(seconds: 30)
    for n: Int64 in 0..<1000 {
      estimate.observe(TimeSpan(milliseconds: 500_200), now: TimeSpan(seconds: 30) + TimeSpan(milliseconds: 40 * n))
    }
    #expect(estimate.offset == TimeSpan(milliseconds: 500_200))
  }

  @Test mutating func anotherLineOfStampsBeginsAnew() {
    arrive(seconds: 30)
    estimate.observe(TimeSpan(seconds: 90_000), now: TimeSpan(seconds: 31))
    #expect(estimate.offset == TimeSpan(seconds: 90_000) && estimate.spread == .zero)
  }
}
