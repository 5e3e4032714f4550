import Glibc
import Synchronization

/// Runs a command as a child process.
struct SystemHost: ProgramHost {
  private let command: [String]
  private let errors: ErrorLines
  private let clock: @Sendable () -> Duration
  private let cancellation: @Sendable () -> Bool

  init(
    _ command: [String], errors: ErrorLines, now: @escaping @Sendable () -> Duration,
    isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.command = command
    self.errors = errors
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
