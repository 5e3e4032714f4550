import Media
import Testing

@testable import Align

@Suite struct PoolingTests {
  private var feed = Feed()

  init() { feed.epoch() }

  @Test mutating func stepsWeighByTheirOverlapWithTheWindow() {
    feed.step(sound, -500, 500, [2])  // half of it inside
    feed.step(sound, 500, 1500, [8])
    feed.close(1500)
    #expect(feed.track(sound).vector == [6])
  }

  @Test mutating func stepsWeighByWhatIsValidInThem() {
    feed.step(sound, 0, 1000, [2], valid: 0.25)
    feed.step(sound, 1000, 2000, [12])
    feed.close(2000)
    #expect(feed.track(sound).vector == [10])
  }

  @Test mutating func invalidStepsDoNotCount() {
    feed.step(sound, 0, 1000, [.nan], valid: 0)
    feed.step(sound, 1000, 2000, [3], quality: 4)
    feed.close(2000)
    #expect(feed.track(sound).vector == [3])
    #expect(feed.track(sound).quality == 4)
  }

  @Test mutating func aWindowWithoutValidStepsHasNoVector() {
    feed.step(sound, 0, 2000, [3], valid: 0)
    feed.close(2000)
    #expect(feed.track(sound).vector == nil && feed.track(sound).quality == nil)
  }

  @Test mutating func aVectorOfZeroNormIsNone() {
    feed.step(sound, 0, 2000, [0], quality: 2)
    feed.close(2000)
    #expect(feed.track(sound).vector == nil)
    #expect(feed.track(sound).quality == 2)
  }

  @Test mutating func whatWasLostDoesNotCountAsValid() {
    feed.cover(sound, 0, 1800)
    feed.cover(sound, 2000, 3000)
    feed.step(sound, 0, 500, [3])
    feed.lose(sound, 500, 1000)
    feed.lose(sound, 1500, 2500)  // no content in 200 ms of it
    feed.close(3000)
    #expect(feed.track(sound, window: 0).valid == 0.5 && feed.track(sound, window: 0).vector == [3])
    #expect(feed.track(sound, window: 1).valid == 0.5 && feed.track(sound, window: 1).vector == nil)
  }

  @Test mutating func oneStepCountsInEveryWindowThatItOverlaps() {
    feed.step(sound, 0, 1000, [1])
    feed.step(sound, 1000, 2000, [3])
    feed.step(sound, 2000, 3000, [5])
    feed.close(3000)
    #expect(feed.track(sound, window: 0).vector == [2])
    #expect(feed.track(sound, window: 1).vector == [4])
  }

  @Test func stepsAreHandedOnOnlyWhenAskedFor() {
    for keeps in [false, true] {
      var feed = Feed(keepsSteps: keeps)
      feed.epoch()
      for second: Int64 in 0..<4 { feed.step(sound, second * 1000, second * 1000 + 1000, [1]) }
      feed.close(4000)
      #expect(
        feed.track(sound, window: 1).steps.map(\.interval) == (keeps ? [span(1000, 2000), span(2000, 3000)] : []))
    }
  }

  @Test func windowsWithStretchesBetweenThemForgetThose() {
    var feed = Feed(
      [sound],
      grid: Grid(length: TimeSpan(milliseconds: 500), hop: TimeSpan(seconds: 1), pictureRate: Ratio(2)))
    feed.epoch()
    for half: Int64 in 0..<6 { feed.step(sound, half * 500, half * 500 + 500, [Float(half + 1)]) }
    feed.close(3000)
    #expect((0..<3).map { feed.track(sound, window: $0).vector } == [[1], [3], [5]])
  }
}

@Suite struct ValidityTests {
  private var feed = Feed([sound, picture, words])

  init() { feed.epoch() }

  @Test mutating func validIsTheFractionReallyCovered() {
    feed.cover(sound, 0, 500)
    feed.cover(sound, 1500, 4000)
    feed.close(4000)
    #expect(feed.track(sound, window: 0).valid == 0.5)
    #expect(feed.track(sound, window: 1).valid == 0.75)
  }

  @Test mutating func overlappingCoverageCountsOnce() {
    feed.cover(picture, 0, 1000)
    feed.cover(picture, 500, 1500)
    feed.cover(picture, 600, 700)
    feed.close(2000)
    #expect(feed.track(picture).valid == 0.75)
  }

  @Test mutating func aPartialLastWindowKeepsItsLength() {
    feed.cover(sound, 0, 2500)
    feed.close(2500)
    #expect(feed.windows[1].interval == span(1000, 3000))
    #expect(feed.track(sound, window: 1).valid == 0.75)
  }

  @Test mutating func soundTellsTheStampOfItsFirstSampleInTheWindow() {
    feed.cover(sound, 400, 1700)
    feed.cover(sound, 1700, 3000)
    feed.close(3000)
    #expect(feed.track(sound, window: 0).pts == [400])
    #expect(feed.track(sound, window: 1).pts == [1000])
    #expect(feed.track(sound).timeBase == Ratio(1, 1000))
  }

  @Test mutating func picturesTellTheStampsOfTheirFramesAndHowOftenTheyRepeat() {
    feed.cover(picture, 0, 2000)
    feed.show(0, at: 0, 500)
    feed.show(700, at: 1000)
    feed.show(1400, at: 1500, 2000, 2500)
    feed.close(3000)
    #expect(feed.track(picture).pts == [0, 700, 1400])
    #expect(feed.track(picture).frames == 3 && feed.track(picture).framesRepeated == 1)
    #expect(feed.track(picture, window: 1).pts == [700, 1400])
    #expect(feed.track(picture, window: 1).framesRepeated == 2)
  }

  @Test mutating func framesThatTookOverAVectorCountOnceHoweverLongTheyAreShown() {
    feed.cover(picture, 0, 3000)
    feed.show(0, at: 0)
    feed.show(500, at: 500, 1000)
    feed.show(1500, at: 1500)
    for half: Int64 in 0..<4 {
      feed.step(picture, half * 500, half * 500 + 500, [1], isReused: half == 1 || half == 2)
    }
    feed.close(3000)
    #expect(feed.track(picture, window: 0).frames == 3 && feed.track(picture, window: 0).framesReused == 1)
    #expect(feed.track(picture, window: 1).frames == 2 && feed.track(picture, window: 1).framesReused == 1)
  }

  @Test mutating func aFrameShownOverAGapStillTellsItsTimeBase() {
    feed.cover(picture, 0, 500)
    feed.show(0, at: 0, 500, 1000, 1500, 2000, 2500)
    feed.close(3000)
    let masked = feed.track(picture, window: 1)
    #expect(masked.valid == 0 && masked.pts == [0] && masked.timeBase == Ratio(1, 90_000))
  }

  @Test mutating func textIsJoinedByStartAndCoversItsCues() {
    feed.say("second", 1000, 1500)
    feed.say("first", 0, 500)
    feed.say("third", 1500, 3000)
    feed.close(4000)
    #expect(feed.windows[0].text == "first second third")
    #expect(feed.windows[1].text == "second third")
    #expect(feed.windows[2].text == "third")
    #expect(feed.track(words).valid == 0.75)
  }

  @Test mutating func aWindowWithoutWordsHasNone() {
    feed.say("early", 0, 1000)
    feed.close(4000)
    #expect(feed.windows[1].text == nil && feed.track(words, window: 1).valid == 0)
  }
}

@Suite struct CertaintyTests {
  private var feed = Feed()

  init() { feed.epoch() }

  private func microseconds(_ count: Int64) -> TimeSpan { TimeSpan(ticks: count, Ratio(1, 1_000_000)) }

  @Test mutating func uncertaintyIsTheSumOfBothHalfWidths() {
    feed.cover(sound, 0, 2000, halfWidth: microseconds(300))
    feed.cover(picture, 0, 2000, halfWidth: microseconds(500))
    feed.close(2000)
    #expect(feed.windows[0].uncertainty == microseconds(800))
    #expect(feed.windows[0].timeState == .exact)  // up to one sample: here 1 ms
  }

  @Test mutating func moreThanASampleIsQuantised() {
    feed.cover(sound, 0, 2000, halfWidth: microseconds(600))
    feed.cover(picture, 0, 2000, halfWidth: microseconds(401))
    feed.close(2000)
    #expect(feed.windows[0].timeState == .quantised)
  }

  @Test mutating func exactlyASampleIsExact() {
    feed.cover(sound, 0, 2000, halfWidth: microseconds(600))
    feed.cover(picture, 0, 2000, halfWidth: microseconds(400))
    feed.close(2000)
    #expect(feed.windows[0].timeState == .exact)
  }

  @Test(arguments: [sound, picture])
  func repairedStampsAreInferred(_ slot: Slot) {
    var feed = Feed()
    feed.epoch()
    feed.cover(sound, 0, 2000, isInferred: slot == sound)
    feed.cover(picture, 0, 2000, isInferred: slot == picture)
    feed.close(2000)
    #expect(feed.windows[0].timeState == .inferred)
  }

  @Test mutating func theWorstStampOfAWindowCountsAndOnlyThere() {
    feed.cover(sound, 0, 4000)
    feed.cover(picture, 0, 1500)
    feed.cover(picture, 1500, 1900, halfWidth: microseconds(5000))
    feed.cover(picture, 1900, 4000)
    feed.close(4000)
    #expect(feed.windows.map(\.uncertainty) == [microseconds(5000), microseconds(5000), .zero])
    #expect(feed.windows.map(\.timeState) == [.quantised, .quantised, .exact])
  }

  @Test mutating func withoutPictureThereIsNothingToTell() {
    feed.cover(sound, 0, 4000)
    feed.cover(picture, 0, 1000)
    feed.close(4000)
    #expect(feed.windows.map { $0.timeState == nil } == [false, true, true])
  }
}
