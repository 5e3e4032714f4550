import Glibc
import System
import Testing

@Suite struct ChildTests {
  private func shell(_ script: String, _ setting: ChildProcess.Setting = .init()) throws -> ChildProcess {
    try ChildProcess(["sh", "-c", script], setting)
  }

  @Test func aChildSaysHowItEnded() throws {
    #expect(try shell("exit 7").wait() == .code(7))
    #expect(try shell("kill -SEGV $$").wait() == .signal(SIGSEGV))
  }

  @Test func aProgramThatIsNotThereIsTheSystemsError() {
    #expect(throws: Errno(code: ENOENT)) { try ChildProcess(["no-such-program-of-ours"], .init()) }
  }

  @Test func aChildHasOurDescriptorsUnderItsNumbersWhateverTheirOrder() throws {
    let (first, second) = (try Pipe.pair(), try Pipe.pair())
    // Each of ours has a number that is asked for the other.
    let (one, two) = (first.write.handOver(), second.write.handOver())
    let script = "printf one >/proc/self/fd/\(two); printf two >/proc/self/fd/\(one)"
    let child = try shell(script, .init(descriptors: [(one, two), (two, one)]))
    #expect(child.wait() == .code(0))
    #expect(first.read.read(9) == .bytes(Array("one".utf8)))
    #expect(second.read.read(9) == .bytes(Array("two".utf8)))
  }

  @Test func aChildHasNoOtherDescriptorOfOurs() throws {
    let stray = dup(1)  // of which nobody has said that it closes by itself
    defer { close(stray) }
    #expect(try shell("test -e /proc/self/fd/1 && test ! -e /proc/self/fd/\(stray)").wait() == .code(0))
  }

  @Test func aChildDoesNotGetWhatIsWithheld() throws {
    unsafe setenv("TANDEM_TEST_SECRET", "1", 1)
    defer { unsafe unsetenv("TANDEM_TEST_SECRET") }
    let script = "test -n \"$PATH\" && test -z \"$TANDEM_TEST_SECRET\""
    #expect(try shell(script).wait() == .code(1))
    #expect(try shell(script, .init(withheld: ["TANDEM_TEST_SECRET"])).wait() == .code(0))
  }

  @Test func ourEndOfAPipeNeverWaitsAndIsNotInherited() throws {
    let pipe = try Pipe.pair()
    let numbers = [pipe.read, pipe.write].map { $0.interest!.fd }
    for number in numbers {
      #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0 && fcntl(number, F_GETFL) & O_NONBLOCK != 0)
    }
    let theirs = pipe.write.handOver()
    #expect(fcntl(theirs, F_GETFL) & O_NONBLOCK == 0 && fcntl(numbers[0], F_GETFL) & O_NONBLOCK != 0)
  }

  @Test func aChildHoldsMemoryUntilItHasEnded() throws {
    let child = try shell("sleep 600")
    for _ in 0..<5000 where child.residentBytes ?? 0 < 100_000 { usleep(1000) }  // until it is a shell
    let (own, theirs) = (try #require(residentBytes()), try #require(child.residentBytes))
    #expect((100_000..<own).contains(theirs))
    child.kill()
    #expect(child.residentBytes == nil)
  }

  @Test func nothingThatItStartedInItsGroupOutlivesIt() throws {
    let pipe = try Pipe.pair()
    let child = try shell("sleep 600 & wait", .init(descriptors: [(pipe.write.handOver(), STDOUT_FILENO)]))
    pipe.write.close()
    child.kill()
    // The end comes when the last who could write has gone.
    var end = [pipe.read.interest!]
    #expect(try poll(&end, milliseconds: 5000) == 1)
    #expect(pipe.read.read(1) == .end)
  }

  @Test func aSignalAfterTheEndReachesNobody() throws {
    let child = try shell("sleep 600")
    child.kill()
    child.signal(SIGKILL)
    #expect(child.hasEnded && child.ending == nil, "what we did to it is no ending of its own")
  }

  @Test func anEndingIsKnownAlsoWhereWeCameToKill() throws {
    let child = try shell("exit 7")
    #expect(child.wait() == .code(7))
    child.kill()
    #expect(child.hasEnded && child.ending == .code(7))
  }
}
