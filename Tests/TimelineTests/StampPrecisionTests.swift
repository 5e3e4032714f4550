import Media
import Testing

@testable import Timeline

@Suite struct StampPrecisionTests {
  private let tick = TimeSpan(ticks: 1, Ratio(1, 1000))

  private func halfWidth(_ precision: TrackTiming.Precision, _ stamps: [Int64]) -> TimeSpan {
    var learnt = StampPrecision(TrackTiming(timeBase: Ratio(1, 1000), precision: precision))
    for stamp in stamps { learnt.observe(stamp) }
    return learnt.halfWidth
  }

  @Test func stampsOnACommonMultipleOfAChosenTickAreExact() {
    #expect(halfWidth(.chosenTick, [0, 40, 80, 120]) == .zero)
    #expect(halfWidth(.chosenTick, [-80, 40]) == .zero)
  }

  @Test func stampsOfAChosenTickWithoutACommonMultipleAreRounded() {
    #expect(halfWidth(.chosenTick, [0, 33, 67, 100]) == TimeSpan(flicks: tick.flicks / 2))
  }

  @Test func aRoundingMuxerIsOffByHalfATick() {
    #expect(halfWidth(.rounded, [0, 40, 80]) == TimeSpan(flicks: tick.flicks / 2))
  }

  @Test func aMuxerThatMayCutOffIsOffByATick() {
    #expect(halfWidth(.cutOff, [0, 40, 80]) == tick)
  }
}
