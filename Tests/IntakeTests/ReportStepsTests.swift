import Media
import Testing

@testable import Intake

@Suite struct ReportStepsTests {
  private static let slots = [Slot(.audio), Slot(.video)]
  private var steps = ReportSteps()
  private var now: Int64 = 0
  /// Whether a step was under way, one character for each tenth of a second.
  private var drawn = ""

  /// Sound every 20 ms, pictures every 40 in groups of three (the third before the two between), each up to 30 ms
  /// late and `delay` more.
  private mutating func play(milliseconds: Int64, sound: Int64 = 0, picture: Int64 = 0, delay: Int64 = 0) {
    let end = now + milliseconds
    while now < end {
      let late = TimeSpan(milliseconds: delay + now * 7919 % 31)
      steps.note(Self.slots[0], at: TimeSpan(milliseconds: now + sound), now: TimeSpan(milliseconds: now) + late)
      if now % 40 == 0 {
        let order = [0, 2, -1, -1][Int(now / 40 % 4)]
        let time = TimeSpan(milliseconds: now + 40 * Int64(order) + picture)
        steps.note(Self.slots[1], at: time, now: TimeSpan(milliseconds: now + 80) + late)
      }
      now += 20
      if now % 100 == 0 { drawn += isUnderWay ? "!" : "-" }
    }
  }

  private var isUnderWay: Bool {
    mutating get { steps.isUnderWay(among: Self.slots, now: TimeSpan(milliseconds: now)) }
  }

  @Test mutating func aClockThatRunsMakesNoSteps() {
    play(milliseconds: 60_000)
    #expect(!drawn.contains("!"))
  }

  @Test(arguments: [3000, 400, -3000, -1500] as [Int64])
  func betweenTheReportsOfTwoTracksNobodyKnows(_ step: Int64) {
    var test = self
    test.play(milliseconds: 5000)
    test.play(milliseconds: 2000, sound: step)
    test.play(milliseconds: 3000, sound: step, picture: step)
    let (before, after) = (String(repeating: "-", count: 50), test.drawn.dropFirst(50))
    #expect(test.drawn.hasPrefix(before + String(repeating: "!", count: 20)))
    #expect(after.drop { $0 == "!" }.count >= 28 && !after.drop { $0 == "!" }.contains("!"))
  }

  @Test mutating func picturesMayHaveItFirst() {
    play(milliseconds: 5000)
    play(milliseconds: 2000, picture: -3000)
    play(milliseconds: 2000, sound: -3000, picture: -3000)
    #expect(drawn.filter { $0 == "!" }.count == 20 && drawn.hasSuffix("---"))
  }

  @Test mutating func whatTheOtherTracksNeverFollowIsTheirRelationAfterHalfAMinute() {
    play(milliseconds: 5000)
    play(milliseconds: 40_000, sound: 3000)
    #expect(drawn.dropFirst(50).prefix(299).allSatisfy { $0 == "!" } && drawn.hasSuffix("---"))
  }

  @Test mutating func aBurstAtTheBeginningIsNoStep() {
    for n: Int64 in 0..<6 {  // half a second of sound in each
      steps.note(Self.slots[0], at: TimeSpan(milliseconds: 500 * n), now: TimeSpan(milliseconds: 3000 + n))
      now = 3000 + n
      let isStep = isUnderWay
      #expect(!isStep)
    }
  }

  @Test mutating func aNetworkThatStandsStillIsNoStep() {
    play(milliseconds: 15_000)
    now += 3000  // lost
    play(milliseconds: 5000)
    play(milliseconds: 25_000, delay: 2000)
    play(milliseconds: 5000)
    #expect(!drawn.contains("!"))
  }
}
