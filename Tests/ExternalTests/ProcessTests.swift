import Glibc
import Synchronization
import Testing

@testable import External

/// Children of the system's own: short, and driven by a shell.
@Suite(.serialized) struct ProcessTests {
  private let echoed = Lines()

  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
  }

  init() { signal(SIGPIPE, SIG_IGN) }

  private func start(_ command: [String]) throws -> any Program {
    let lines = echoed
    let now = { @Sendable in ContinuousClock.now.sinceAny }
    let errors = ErrorLines({ line in lines.all.withLock { $0.append(line) } }, oblivion: nil, now: now)
    return try SystemHost(command, errors: errors, now: now, isCancelled: { false }).start()
  }

  /// Exchanges until the end or until `count` bytes have come.
  private func talk(_ program: any Program, _ text: String = "", count: Int = .max) -> (String, Mishap?) {
    var outgoing = Array(text.utf8)[...]
    var read: [UInt8] = []
    while read.count < count {
      let exchange = program.exchange(outgoing, until: ContinuousClock.now.sinceAny + .seconds(5))
      outgoing = outgoing.dropFirst(exchange.written)
      read += exchange.read
      if let end = exchange.end { return (String(decoding: read, as: UTF8.self), end) }
    }
    return (String(decoding: read, as: UTF8.self), nil)
  }

  @Test func neitherSideHoldsTheOtherUp() throws {
    let text = String(repeating: "0123456789abcdef", count: 1 << 17)  // 2 MB, more than all pipes hold
    let program = try start(["cat"])
    #expect(talk(program, text, count: text.utf8.count) == (text, nil))
    program.stop(patience: .seconds(5))
  }

  @Test func whatItSaidComesBeforeItsEnd() throws {
    #expect(
      talk(try start(["sh", "-c", "echo hello; exit 3"])) == ("hello\n", Mishap(.exit, "ended with exit code 3")))
    #expect(talk(try start(["sh", "-c", "kill -9 $$"])) == ("", Mishap(.exit, "was ended by signal 9")))
  }

  @Test func whatItSaidWhileWeWroteComesBeforeItsEnd() throws {
    // It reads a little, answers and is gone, in the middle of our write or just after it.
    for count in [8, 1 << 16, 1 << 20] {
      let text = String(repeating: "0123456789abcdef", count: count / 16 + 1)
      for _ in 0..<40 {
        let program = try start(["sh", "-c", "head -c 8 >/dev/null; echo answer; exit 3"])
        #expect(talk(program, text) == ("answer\n", Mishap(.exit, "ended with exit code 3")))
      }
    }
  }

  @Test func aProgramThatOnlyClosesItsInputMayStillAnswer() throws {
    let script = "exec <&-; sleep 0.05; echo answer; sleep 0.05; echo more; sleep 10"
    let (text, end) = talk(try start(["sh", "-c", script]), String(repeating: "x", count: 1 << 20))
    #expect(text == "answer\nmore\n" && end?.kind == .closed)
  }

  @Test func longLastWordsAreReadToTheirEnd() throws {
    let program = try start(["sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; exit 3"])
    let (text, end) = talk(program)
    #expect(text.utf8.count == 1_000_000 && end?.kind == .exit)
  }

  @Test func aProgramThatIsNotThereIsNamed() {
    let mishap = #expect(throws: Mishap.self) { try start(["no-such-program"]) }
    #expect(mishap == Mishap(.handshake, "no-such-program: No such file or directory"))
  }

  @Test func itsSignalsAreThoseOfAnyProgram() throws {
    let ours = [SIGHUP, SIGQUIT].map { (number: $0, action: signal($0, SIG_IGN)) }
    defer { for (number, action) in ours { signal(number, action) } }
    let program = try start(["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"])
    let masks = talk(program).0.split(separator: "\n").compactMap { UInt64($0.suffix(16), radix: 16) }
    try #require(masks.count == 2)
    for number in [SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM] {
      #expect((masks[0] | masks[1]) >> UInt64(number - 1) & 1 == 0)
    }
  }

  @Test func aServiceShowsStandardErrorAgainAfterAnHour() {
    let shown = Lines()
    let time = Mutex(Duration.zero)
    let errors = ErrorLines(
      { line in shown.all.withLock { $0.append(line) } }, oblivion: .seconds(3600), now: { time.withLock(\.self) })
    let flood = Array(String(repeating: "x\n", count: 1000).utf8)
    for hour in 1...3 {
      for _ in 0..<100 { errors.take(flood) }
      #expect(shown.all.withLock(\.count) == hour * (Int(ErrorLines.limit) + 1))
      time.withLock { $0 += .seconds(3600) }
    }
    #expect(errors.hidden == 3 * (100_000 - ErrorLines.limit))
  }

  @Test func standardErrorIsShownLineByLinePrintableAndNotWithoutEnd() throws {
    let script = #"printf 'one\n\033[31mtwo\nlast' >&2; yes x | head -n 100000 >&2; printf '%03000d\n' 1 >&2"#
    let program = try start(["sh", "-c", script])
    _ = talk(program)
    program.stop(patience: .seconds(5))
    let lines = echoed.all.withLock(\.self)
    #expect(lines[0] == "one" && lines[1] == "\u{FFFD}[31mtwo" && lines[2] == "lastx")
    #expect(lines.count == Int(ErrorLines.limit) + 1)
  }

  @Test(arguments: ["sleep 100 & echo $!; exec sleep 100", "trap '' TERM; sleep 100 & echo $!; wait; wait"])
  func nothingOfItsGroupOutlivesIt(_ script: String) throws {
    let program = try start(["sh", "-c", script])
    let (text, _) = talk(program, count: 2)
    let child = try #require(pid_t(text.split(separator: "\n")[0]))
    #expect(kill(child, 0) == 0)
    let began = ContinuousClock.now
    program.stop(patience: .zero)
    #expect(ContinuousClock.now - began < .seconds(3))
    // Its new parent reaps it in its own time.
    for _ in 0..<100 where isAlive(child) { usleep(10_000) }
    #expect(!isAlive(child))
  }

  @Test func hundredsOfStartsLeaveNothingOpen() throws {
    for _ in 0..<3 { try start(["true"]).stop(patience: .zero) }
    let before = descriptors
    for n in 0..<400 {
      let program = try start(["true"])
      if n.isMultiple(of: 100) { #expect(talk(program).1 != nil) }
      program.stop(patience: .zero)
      #expect(program.isGone())
      #expect(throws: Mishap.self) { try start(["no-such-program"]) }
    }
    // Other tests open and close theirs meanwhile.
    #expect(descriptors.count < before.count + 200)
  }

  private var descriptors: Set<Int32> { Set((0..<1024).filter { fcntl($0, F_GETFD) >= 0 }) }

  private func isAlive(_ number: pid_t) -> Bool {
    guard let file = unsafe fopen("/proc/\(number)/stat", "r") else { return false }
    defer { unsafe fclose(file) }
    var text = [CChar](repeating: 0, count: 512)
    guard unsafe fgets(&text, 512, file) != nil else { return false }
    return !String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self).contains(") Z")
  }

  @Test func aGrandchildThatKeepsThePipeOpenDoesNotHideTheEnd() throws {
    let program = try start(["sh", "-c", "sleep 100 & exit 4"])
    let began = ContinuousClock.now
    #expect(talk(program).1 == Mishap(.exit, "ended with exit code 4"))
    #expect(ContinuousClock.now - began < .seconds(2))
  }
}

extension ContinuousClock.Instant {
  /// Since some zero of this process.
  fileprivate var sinceAny: Duration { self - zeroOfClock }
}

private let zeroOfClock = ContinuousClock.now
