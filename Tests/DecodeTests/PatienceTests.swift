import CFFmpeg
import Media
import Synchronization
import System
import Testing

@testable import Decode

@Suite struct PatienceTests {
  private let hands = Hands()
  private let interruption = Interruption()

  /// A clock that only the test moves.
  private final class Hands: Sendable {
    private let time = Mutex(TimeSpan.zero)
    func move(milliseconds: Int64) { time.withLock { $0 += TimeSpan(milliseconds: milliseconds) } }
    var clock: HostClock { HostClock(now: { self.time.withLock { $0 } }, wall: { .zero }) }
  }

  @Test func itEndsAtTheDeadlineHoweverOftenItIsAsked() {
    let patience = Patience(interruption, clock: hands.clock)
    patience.begin(TimeSpan(seconds: 2))
    for _ in 0..<1000 { #expect(!patience.isOver) }
    hands.move(milliseconds: 1999)
    #expect(!patience.isOver)
    hands.move(milliseconds: 1)
    #expect(patience.isOver)
    #expect(throws: FFmpegError.self) { try patience.check(FF_EIO, "read") }
  }

  @Test func whatEndsInTimeHasNoDeadlineAfterwards() throws {
    let patience = Patience(interruption, clock: hands.clock)
    patience.begin(TimeSpan(seconds: 2))
    patience.endOpening()
    hands.move(milliseconds: 100_000)
    #expect(!patience.isOver)
    try patience.check(0, "read")
  }

  @Test func whoBeginsToSpeakShortlyBeforeTheEndHasTimeToGoOn() {
    let patience = Patience(interruption, clock: hands.clock)
    var hasCome = false
    patience.begin(TimeSpan(seconds: 2))
    patience.extend(by: TimeSpan(seconds: 3)) { hasCome }
    hands.move(milliseconds: 1900)
    #expect(!patience.isOver)
    hasCome = true
    hands.move(milliseconds: 99)
    #expect(!patience.isOver)
    hands.move(milliseconds: 2999)
    #expect(!patience.isOver)
    hands.move(milliseconds: 1)
    #expect(patience.isOver)
  }

  @Test func whoSpeaksAtOnceLosesNoTimeByIt() {
    let patience = Patience(interruption, clock: hands.clock)
    patience.begin(TimeSpan(seconds: 9))
    patience.extend(by: TimeSpan(seconds: 3)) { true }
    hands.move(milliseconds: 10)
    #expect(!patience.isOver)
    hands.move(milliseconds: 8989)
    #expect(!patience.isOver)
    hands.move(milliseconds: 1)
    #expect(patience.isOver)
  }

  @Test func whatComesAfterTheEndIsTooLate() {
    let patience = Patience(interruption, clock: hands.clock)
    var hasCome = false
    patience.begin(TimeSpan(seconds: 2))
    patience.extend(by: TimeSpan(seconds: 3)) { hasCome }
    hands.move(milliseconds: 2000)
    #expect(patience.isOver)
    hasCome = true
    #expect(patience.isOver)
  }

  @Test func nobodyIsAskedOfASourceThatIsBeingClosed() {
    let patience = Patience(interruption, clock: hands.clock)
    var questions = 0
    patience.begin(TimeSpan(seconds: 2))
    patience.onQuestion = { questions += 1 }
    patience.extend(by: TimeSpan(seconds: 3)) {
      questions += 1
      return false
    }
    #expect(!patience.isOver)
    #expect(questions == 2)
    patience.stopWatching()
    #expect(!patience.isOver)
    #expect(questions == 2)
  }

  @Test func itsOwnEndIsToldFromTheUsers() {
    let patience = Patience(interruption, clock: hands.clock)
    interruption.raise()
    #expect(patience.isOver)
    let error = #expect(throws: FFmpegError.self) { try patience.check(FF_EXIT, "read") }
    #expect(error?.isInterruption == true && error?.isTimeout == false)
    patience.begin(.zero)
    #expect(patience.isOver)
    let late = #expect(throws: FFmpegError.self) { try patience.check(FF_EXIT, "read") }
    #expect(late?.isTimeout == true)
  }

  @Test func aLibraryThatIsNotInstalledIsNamed() {
    let error = #expect(throws: FFmpegError.self) { try Devices.load("libno-such-thing.so.1") }
    #expect(error?.operation.contains("libno-such-thing.so.1, which is not installed") == true)
  }
}
