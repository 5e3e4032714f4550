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
