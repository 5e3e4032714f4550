/// How long a program is waited for.
package struct Patience: Sendable {
  /// From its start to its handshake.
  package var start: Duration
  /// From one answer to the next, while any is due.
  package var answer: Duration

  package init(start: Duration = .seconds(60), answer: Duration = .seconds(30)) {
    self.start = start
    self.answer = answer
  }

  /// Failures in a row after which a program is given up.
  static let failures = 5
  /// From the end of its input to its own.
  static let ending = Duration.seconds(2)
  /// What is under way when everything is to end may still be answered for so long.
  static let cancelled = Duration.seconds(1)

  /// Before the program is started again.
  static func pause(afterFailures count: Int) -> Duration { .milliseconds(100 << min(count - 1, 6)) }
}
