import Testing

@testable import Hub

@Suite struct PatienceTests {
  @Test func aRequestIsMadeAgainAFewTimes() throws {
    var patience = Patience(waits: [1, 1])
    try patience.wait(after: "no answer") { true }
    try patience.wait(after: "no answer") { true }
    #expect(throws: HubError.unavailable("no answer")) { try patience.wait(after: "no answer") { true } }
  }

  @Test func aConnectionThatBringsBytesCostsNoPatience() throws {
    var patience = Patience(waits: [])
    for _ in 0..<900 { try patience.wait(after: "cut", hadProgress: true) { true } }
  }

  @Test func aLongPauseThatTheServerAsksForIsARefusal() {
    var patience = Patience(waits: [1])
    #expect(throws: HubError.unavailable("busy")) { try patience.wait(after: "busy", seconds: 3600) { true } }
  }

  @Test(arguments: [-1, Int.min])
  func aPauseOfLessThanNothingIsNone(_ seconds: Int) throws {
    var patience = Patience(waits: [1])
    try patience.wait(after: "busy", seconds: seconds) { true }
  }

  @Test func aWaitEndsWhenItIsNotToGoOn() {
    var patience = Patience(waits: [3_600_000])
    #expect(throws: HubError.interrupted) { try patience.wait(after: "no answer") { false } }
  }
}
