import Supervise
import Testing

@Suite struct OutageTests {
  private var outage = Outage()

  private mutating func breaks(_ reason: String, at seconds: Int) -> String? {
    outage.begin(reason, at: .seconds(seconds))
  }

  private mutating func runs(at seconds: Int) -> String? { outage.end(at: .seconds(seconds)) }

  @Test mutating func aSourceThatComesGoesAndComesBack() {
    #expect(runs(at: 1) == "running")
    #expect(breaks("end of stream", at: 10) == "end of stream")
    #expect(runs(at: 22) == "running again after 12 s")
  }

  @Test mutating func oneThatIsAwayForAWeekIsALineAnHour() {
    #expect(runs(at: 0) == "running")
    let week = stride(from: 10, to: 7 * 86_400, by: 15).compactMap { breaks("refused", at: $0) }
    #expect(week.count == 7 * 24)
    #expect(week.prefix(3) == ["refused", "away for 60 min: refused", "away for 2 h: refused"])
    #expect(runs(at: 7 * 86_400 + 10) == "running again after 7 days")
  }

  @Test mutating func oneThatBreaksEverySecondIsALineAMinute() {
    var lines: [String] = []
    for second in 0..<180 {
      if let line = runs(at: second) { lines.append(line) }
      if let line = breaks("reset", at: second) { lines.append(line) }
    }
    #expect(
      lines == [
        "running", "reset", "running again after 1 s", "reset (untold breaks before: 59)",
        "running again after 1 s", "reset (untold breaks before: 59)", "running again after 1 s",
      ])
  }

  @Test mutating func aBreakThatWasNotToldIsToldIfItLasts() {
    #expect(runs(at: 0) == "running")
    #expect(breaks("reset", at: 1) == "reset")
    #expect(runs(at: 2) == "running again after 1 s")
    #expect(breaks("reset", at: 3) == nil)
    #expect(breaks("refused", at: 20) == nil)
    #expect(breaks("refused", at: 62) == "refused")
    #expect(runs(at: 63) == "running again after 60 s")
  }

  @Test mutating func oneThatNeverCame() {
    #expect(breaks("refused", at: 0) == "refused")
    #expect(breaks("refused", at: 30) == nil)
    #expect(runs(at: 40) == "running again after 40 s")
  }
}
