import Glibc
import Synchronization

/// Runs a command as a child process.
struct SystemHost: ProgramHost {
  private let command: [String]
  private let errors: ErrorLines
  private let clock: @Sendable () -> Duration
  private let cancellation: @Sendable () -> Bool

  /// echo: takes what the program writes to its standard error, line by line.
  init(
    _ command: [String], echo: @escaping @Sendable (String) -> Void, now: @escaping @Sendable () -> Duration,
    isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.command = command
    errors = ErrorLines(echo)
    clock = now
    cancellation = isCancelled
  }

  var now: Duration { clock() }
  var isCancelled: Bool { cancellation() }
  var hiddenLines: Int64 { errors.hidden }

  func wait(until deadline: Duration) {
    while !isCancelled, now < deadline { _ = poll(nil, 0, milliseconds(until: deadline, from: now)) }
  }

  func start() throws(Mishap) -> any Program { try PipedProgram(command, errors: errors, now: clock) }
}

/// How long one wait lasts at most.
private let glance: Int32 = 100

/// For `poll`: rounded up, and never longer than a glance.
func milliseconds(until deadline: Duration, from now: Duration) -> Int32 {
  let left = deadline - now
  guard left > .zero else { return 0 }
  guard left < .milliseconds(Int64(glance)) else { return glance }
  return Int32(left.components.attoseconds / 1_000_000_000_000_000) + 1
}

/// What a program writes to its standard error, for people: line by line, printable, and not without end.
final class ErrorLines: Sendable {
  /// Lines that are shown.
  static let limit: Int64 = 200
  /// Bytes of a line that are shown.
  static let lineLimit = 1000

  private let echo: @Sendable (String) -> Void
  private let state = Mutex(State())

  private struct State {
    var line: [UInt8] = []
    var count: Int64 = 0
  }

  init(_ echo: @escaping @Sendable (String) -> Void) { self.echo = echo }

  /// Lines that came after those that are shown.
  var hidden: Int64 { state.withLock { max(0, $0.count - Self.limit) } }

  func take(_ bytes: [UInt8]) {
    state.withLock { state in
      for byte in bytes {
        if byte == UInt8(ascii: "\n") {
          end(&state)
        } else if state.line.count < Self.lineLimit {
          state.line.append(byte)
        }
      }
    }
  }

  /// The last line may lack its line feed.
  func finish() { state.withLock { if !$0.line.isEmpty { end(&$0) } } }

  private func end(_ state: inout State) {
    state.count += 1
    if state.count <= Self.limit { echo(printable(String(decoding: state.line, as: UTF8.self))) }
    if state.count == Self.limit + 1 { echo("… and more, which is counted and not shown") }
    state.line.removeAll(keepingCapacity: true)
  }
}
