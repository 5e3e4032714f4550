/// How long to wait before the next try: up to twice as long each time, and any part of that, so that those who
/// failed together do not come back together (full jitter).
package struct Backoff: Sendable {
  private var first: Duration
  private var longest: Duration
  /// Whoever went on so long has recovered.
  private var healthy: Duration
  private var failures = 0

  package init(first: Duration, longest: Duration, healthy: Duration) {
    (self.first, self.longest, self.healthy) = (first, longest, healthy)
  }

  /// Goes on by other rules.
  package mutating func follow(_ rules: Backoff) {
    (first, longest, healthy) = (rules.first, rules.longest, rules.healthy)
  }

  /// - Parameters:
  ///   - lasted: how long the try that has just failed went on.
  ///   - isRefused: the other side knows us and says no: it is not asked often.
  ///   - chance: in `0..<1`.
  package mutating func delay(after lasted: Duration, isRefused: Bool = false, chance: Double) -> Duration {
    if lasted >= healthy { failures = 0 }
    defer { failures += 1 }
    if isRefused { return longest / 2 + longest / 2 * chance }
    var most = first
    for _ in 0..<failures where most < longest { most *= 2 }
    return min(most, longest) * chance
  }
}
