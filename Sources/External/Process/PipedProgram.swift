import Glibc
import System

/// A command as a child in a process group of its own, with three pipes. Whatever happens, it is reaped, and nothing
/// that it started in its group outlives it, or us: its descriptor 3 is a pipe that ties the group to this process.
final class PipedProgram: Program {
  private static let readLength = 1 << 16

  private let child: ChildProcess
  private var input: Pipe
  private var output: Pipe
  private var error: Pipe
  /// The end that only this process holds.
  private let tie: Pipe
  private let errors: ErrorLines
  private let now: @Sendable () -> Duration

  /// - Throws: `Mishap` of kind `handshake` with the system's reason.
  init(_ command: [String], errors: ErrorLines, now: @escaping @Sendable () -> Duration) throws(Mishap) {
    let pipes: [(read: Pipe, write: Pipe)]
    do throws(Errno) { pipes = try (0..<4).map { _ throws(Errno) in try Pipe.pair() } } catch {
      throw Mishap(.handshake, "cannot make a pipe: \(error)")
    }
    let theirs = [pipes[0].read, pipes[1].write, pipes[2].write, pipes[3].read]
    do throws(Errno) {
      child = try ChildProcess(
        command, .init(descriptors: theirs.enumerated().map { ($1.handOver(), Int32($0)) }))
      try pipes[3].read.tie(group: child.number)
    } catch { throw Mishap(.handshake, "\(command[0]): \(error)") }
    for end in theirs { end.close() }
    (input, output, error, tie) = (pipes[0].write, pipes[1].read, pipes[2].read, pipes[3].write)
    self.errors = errors
    self.now = now
  }

  deinit { stop(patience: .zero) }

  func exchange(_ outgoing: ArraySlice<UInt8>, until deadline: Duration) -> Exchange {
    wait(for: outgoing.isEmpty ? [output, error] : [output, error, input], until: deadline)
    var exchange = Exchange()
    // Asked before the read: then what it said before its end is there to be read.
    let hasEnded = child.hasEnded
    readErrors()
    let got = output.read(Self.readLength)
    if case .bytes(let bytes) = got { exchange.read = bytes }
    let put = outgoing.isEmpty ? .nothing : input.write(outgoing)
    if case .count(let count) = put { exchange.written = count }
    if exchange.read.isEmpty, hasEnded || got == .end || put == .end { end(&exchange) }
    return exchange
  }

  func stop(patience: Duration) {
    input.close()
    if !hasEnded(within: patience) {
      child.signal(SIGTERM)
      _ = hasEnded(within: Patience.dying)
    }
    _ = child.kill(within: Patience.dying)
    readErrors()
    errors.finish()
    output.close()
    error.close()
    tie.close()
  }

  func isGone() -> Bool { child.kill(within: .zero) }

  /// Why nothing more will come; or, before that, what still came. A pipe may break a moment before its owner has
  /// ended.
  private func end(_ exchange: inout Exchange) {
    let deadline = now() + .milliseconds(200)
    while true {
      let ending = child.ending
      readErrors()
      if case .bytes(let bytes) = output.read(Self.readLength) {
        exchange.read = bytes
      } else if let ending {
        exchange.end = Mishap(.exit, "\(ending)")
      } else if now() >= deadline {
        exchange.end = Mishap(.closed, "closed its input or output")
      } else {
        wait(for: [output, error], until: min(deadline, now() + .milliseconds(5)))
        continue
      }
      return
    }
  }

  /// For a program that is asked nothing more: its output is nobody's, but it must not be held up by it.
  private func hasEnded(within patience: Duration) -> Bool {
    let deadline = now() + patience
    while !child.hasEnded {
      guard now() < deadline else { return false }
      wait(for: [output, error], until: min(deadline, now() + .milliseconds(5)))
      if case .bytes = output.read(Self.readLength) {}
      readErrors()
    }
    return true
  }

  private func readErrors() {
    if case .bytes(let bytes) = error.read(Self.readLength) { errors.take(bytes) }
  }

  private func wait(for pipes: [Pipe], until deadline: Duration) {
    var interests = pipes.compactMap(\.interest)
    _ = unsafe poll(&interests, nfds_t(interests.count), milliseconds(until: deadline, from: now()))
  }
}
