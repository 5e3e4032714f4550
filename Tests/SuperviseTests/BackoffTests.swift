import Supervise
import Testing

@Suite struct BackoffTests {
  private var backoff = Backoff(first: .milliseconds(500), longest: .seconds(30), healthy: .seconds(60))

  @Test mutating func theMostIsTwiceAsLongEachTimeUpToTheLongest() {
    let most = (0..<9).map { _ in backoff.delay(after: .zero, chance: 1) }
    #expect(most == [0.5, 1, 2, 4, 8, 16, 30, 30, 30].map { .milliseconds(Int64($0 * 1000)) })
  }

  @Test mutating func anyPartOfItIsWaited() {
    #expect(backoff.delay(after: .zero, chance: 0) == .zero)
    #expect(backoff.delay(after: .zero, chance: 0.5) == .milliseconds(500))
  }

  @Test mutating func whoWasHealthyBeginsAnew() {
    for _ in 0..<10 { _ = backoff.delay(after: .seconds(1), chance: 1) }
    #expect(backoff.delay(after: .seconds(60), chance: 1) == .milliseconds(500))
  }

  @Test mutating func whoIsRefusedAsksSeldom() {
    #expect(backoff.delay(after: .zero, isRefused: true, chance: 0) == .seconds(15))
    #expect(backoff.delay(after: .zero, isRefused: true, chance: 1) == .seconds(30))
  }

  @Test mutating func thousandsOfFailuresDoNotOverflow() {
    for _ in 0..<100_000 { #expect(backoff.delay(after: .zero, chance: 0.999) < .seconds(30)) }
  }
}
