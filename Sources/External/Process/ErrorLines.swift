import Synchronization

/// What a program writes to its standard error, for people: line by line, printable, and not without end.
final class ErrorLines: Sendable {
  /// Lines that are shown, in all or in each stretch of time.
  static let limit: Int64 = 200
  /// Bytes of a line that are shown.
  static let lineLimit = 1000

  private let echo: @Sendable (String) -> Void
  /// Lines are shown again after this time; nil: never.
  private let oblivion: Duration?
  private let now: @Sendable () -> Duration
  private let state = Mutex(State())

  private struct State {
    var line: [UInt8] = []
    /// Since `began`.
    var count: Int64 = 0
    var began: Duration?
    var hidden: Int64 = 0
  }

  /// echo: takes a line that is to be shown.
  init(
    _ echo: @escaping @Sendable (String) -> Void, oblivion: Duration?, now: @escaping @Sendable () -> Duration
  ) {
    self.echo = echo
    self.oblivion = oblivion
    self.now = now
  }

  /// Lines that were not shown.
  var hidden: Int64 { state.withLock(\.hidden) }

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
    let time = now()
    if let oblivion, let began = state.began, time - began >= oblivion { (state.count, state.began) = (0, nil) }
    state.began = state.began ?? time
    state.count += 1
    if state.count > Self.limit {
      state.hidden += 1
    } else {
      echo(printable(String(decoding: state.line, as: UTF8.self)))
    }
    if state.count == Self.limit + 1 { echo("… and more, which is counted and not shown") }
    state.line.removeAll(keepingCapacity: true)
  }
}
