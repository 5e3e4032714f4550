import Media
import Testing

@testable import Intake

private let sound = Slot(.audio)
private let picture = Slot(.video)

/// A source that is watched, on a clock of the test's own.
@Suite struct LiveWatchTests {
  private var watch = LiveWatch(LiveOptions(), isPaced: true, read: .zero)
  private var now = TimeSpan.zero

  /// Decodes for `length`, a picture every `interval`, whose stamps run at `rate` times the clock.
  private mutating func play(for length: TimeSpan, every interval: TimeSpan, from stamp: TimeSpan, rate: Int64 = 1) {
    let end = now + length
    var stamp = stamp
    while now < end, watch.fault(read: now, now: now) == nil {
      watch.note(picture, stamp: stamp, read: now, now: now)
      now += interval
      stamp += interval * rate
    }
  }

  private var fault: SourceFault? { watch.fault(read: now, now: now) }

  @Test mutating func aLivingSourceHasNoFault() {
    play(for: TimeSpan(seconds: 3600), every: TimeSpan(milliseconds: 40), from: .zero)
    #expect(fault == nil)
  }

  @Test mutating func nothingDecodedForTenSecondsIsAStall() {
    play(for: TimeSpan(seconds: 5), every: TimeSpan(milliseconds: 40), from: .zero)
    now += TimeSpan(milliseconds: 9900)
    #expect(fault == nil)
    now += TimeSpan(milliseconds: 200)
    #expect(fault == .stalled)
  }

  @Test mutating func aSourceThatNeverGivesAnythingIsStalledToo() {
    now += TimeSpan(milliseconds: 10_001)
    #expect(fault == .stalled)
  }

  @Test mutating func aSlowSourceMayTakeFiveIntervals() {
    play(for: TimeSpan(seconds: 60), every: TimeSpan(seconds: 5), from: .zero)
    now += TimeSpan(seconds: 19)
    #expect(fault == nil)
    now += TimeSpan(seconds: 2)
    #expect(fault == .stalled)
  }

  @Test mutating func backpressureIsNoStall() {
    play(for: TimeSpan(seconds: 5), every: TimeSpan(milliseconds: 40), from: .zero)
    // Nobody took anything for an hour: nothing was read meanwhile.
    #expect(watch.fault(read: now, now: now + TimeSpan(seconds: 3600)) == nil)
  }

  @Test mutating func stampsThatStandStillAreFrozen() {
    play(for: TimeSpan(seconds: 5), every: TimeSpan(milliseconds: 40), from: .zero)
    play(for: TimeSpan(seconds: 9), every: TimeSpan(milliseconds: 40), from: TimeSpan(seconds: 4), rate: 0)
    #expect(fault == nil)
    play(for: TimeSpan(seconds: 2), every: TimeSpan(milliseconds: 40), from: TimeSpan(seconds: 4), rate: 0)
    #expect(fault == .frozen)
  }

  @Test mutating func oneFrozenTrackIsEnough() {
    for n: Int64 in 0..<300 {
      now = TimeSpan(milliseconds: 40 * n)
      watch.note(sound, stamp: now, read: now, now: now)
      watch.note(picture, stamp: TimeSpan(milliseconds: 40), read: now, now: now)
    }
    #expect(fault == .frozen)
  }

  @Test mutating func stampsThatBeginAgainAreNotFrozen() {
    play(for: TimeSpan(seconds: 30), every: TimeSpan(milliseconds: 40), from: TimeSpan(seconds: 1000))
    play(for: TimeSpan(seconds: 30), every: TimeSpan(milliseconds: 40), from: .zero)
    #expect(fault == nil)
  }

  @Test mutating func stampsThatRunAheadAreOverRate() {
    play(for: TimeSpan(seconds: 60), every: TimeSpan(milliseconds: 40), from: .zero, rate: 4)
    #expect(fault == .overRate)
    #expect(now < TimeSpan(seconds: 20))
  }

  @Test mutating func overRateIsSeenAfterADayOfGoodBehaviourToo() {
    play(for: TimeSpan(seconds: 86_400), every: TimeSpan(seconds: 1), from: .zero)
    #expect(fault == nil)
    play(for: TimeSpan(seconds: 600), every: TimeSpan(milliseconds: 40), from: now, rate: 4)
    #expect(fault == .overRate)
  }

  @Test mutating func aBurstAtTheBeginningIsNone() {
    for n: Int64 in 0..<600 {
      watch.note(picture, stamp: TimeSpan(milliseconds: 40 * n), read: .zero, now: .zero)
    }
    #expect(fault == nil)
    play(for: TimeSpan(seconds: 300), every: TimeSpan(milliseconds: 40), from: TimeSpan(seconds: 24))
    #expect(fault == nil)
  }

  @Test mutating func aJumpIsNoRate() {
    play(for: TimeSpan(seconds: 30), every: TimeSpan(milliseconds: 40), from: .zero)
    play(for: TimeSpan(seconds: 30), every: TimeSpan(milliseconds: 40), from: TimeSpan(seconds: 5000))
    #expect(fault == nil)
  }

  @Test func whoSetsOurOwnPaceIsNeverOverRate() {
    var watch = LiveWatch(LiveOptions(), isPaced: false, read: .zero)
    for n: Int64 in 0..<10_000 { watch.note(picture, stamp: TimeSpan(seconds: n), read: .zero, now: .zero) }
    #expect(watch.fault(read: .zero, now: .zero) == nil)
  }

  @Test func waitsAreKeptWithinBounds() {
    let options = LiveOptions(stallWait: .zero, jitterWait: TimeSpan(seconds: 3600))
    #expect(options.stallWait == TimeSpan(seconds: 1) && options.jitterWait == TimeSpan(seconds: 10))
    #expect(LiveOptions(listens: true).openingWait > LiveOptions().openingWait)
  }
}
