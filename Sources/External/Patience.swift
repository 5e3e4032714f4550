/// How long a program is waited for.
package struct Patience: Sendable {
  /// From its start to its handshake.
  package var start: Duration
  /// From one answer to the next, while any is due; in a service to the last of a call.
  package var answer: Duration
  /// The caller has more to do than this and goes on for months: it waits for answers alone, never for a start, and
  /// the program is started again for as long as it takes.
  package var isService: Bool

  package init(start: Duration = .seconds(60), answer: Duration = .seconds(30), isService: Bool = false) {
    self.start = start
    self.answer = answer
    self.isService = isService
  }

  /// In a service, the longest that one call can take, whatever the program does: 32 s unless `answer` is set.
  package var longestCall: Duration { answer + Self.longestEnding }

  /// What the end of a program that does not end can add to a call: 0.2 s to see it, and SIGTERM and SIGKILL with half
  /// a second each; the rest is for a busy machine.
  package static let longestEnding = Duration.seconds(2)

  /// Failures in a row after which a program is given up, if not by a service.
  static let failures = 5
  /// From the end of its input to its own.
  static let ending = Duration.seconds(2)
  /// What is under way when everything is to end may still be answered for so long.
  static let cancelled = Duration.seconds(1)
  /// From SIGTERM to SIGKILL, and from there to when it is left to the kernel.
  static let dying = Duration.milliseconds(500)
  /// In a service, what ran so long had recovered from what it failed of before.
  static let healthy = Duration.seconds(60)
  /// Between two starts, at most.
  static let longestPause = Duration.seconds(30)
  /// A service tells of a mishap again after this time.
  static let oblivion = Duration.seconds(3600)

  /// Before the program is started again.
  static func pause(afterFailures count: Int) -> Duration { min(.milliseconds(100 << min(count - 1, 9)), longestPause) }
}
