import Dispatch
import Glibc
import Synchronization
import System

/// What the operator asks of a running daemon by signals.
final class ServiceSignals: Sendable {
  enum Wish: Sendable { case stop, reload }

  /// From the wish to end until nothing is waited for any more: there is time left to write what there is.
  static let grace = Duration.seconds(6)

  /// Raised when the time to end in peace is over.
  let lastMoment = Interruption()

  private let wishes = Mutex<[Wish]>([])
  private let arrival = DispatchSemaphore(value: 0)
  private let queue = DispatchQueue(label: "signals")

  /// SIGHUP reloads; SIGINT and SIGTERM end. A second one to end does so at once.
  func listen() {
    for (number, wish) in [(SIGHUP, Wish.reload), (SIGINT, .stop), (SIGTERM, .stop)] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      // The handler keeps its own source: it listens as long as the process lives.
      source.setEventHandler { [self] in withExtendedLifetime(source) { arrived(wish, number) } }
      source.resume()
    }
  }

  /// The next wish, waiting so long for it.
  func wait(_ patience: Duration) -> Wish? {
    _ = arrival.wait(timeout: .now() + .nanoseconds(patience.nanoseconds))
    return wishes.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }

  private func arrived(_ wish: Wish, _ number: Int32) {
    let isSecond = wishes.withLock { wishes in
      defer { wishes.append(wish) }
      return wish == .stop && wishes.contains { $0 == .stop }
    }
    if isSecond { Glibc.exit(128 + number) }
    if wish == .stop {
      queue.asyncAfter(deadline: .now() + .nanoseconds(Self.grace.nanoseconds)) { [lastMoment] in lastMoment.raise() }
    }
    arrival.signal()
  }
}
