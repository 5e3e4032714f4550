import Dispatch
import Glibc
import Synchronization

/// What the operator asks of a running daemon by signals.
final class ServiceSignals: Sendable {
  enum Wish: Sendable { case stop, reload }

  private let wishes = Mutex<[Wish]>([])
  /// The first wish to end has come.
  private let isStopping = Mutex(false)
  private let arrival = DispatchSemaphore(value: 0)

  /// SIGHUP reloads; SIGINT and SIGTERM end. A second one to end does so at once.
  func listen() {
    let queue = DispatchQueue(label: "signals")
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
    if wish == .stop {
      let isSecond = isStopping.withLock { isStopping in
        defer { isStopping = true }
        return isStopping
      }
      if isSecond { Glibc.exit(128 + number) }
    }
    wishes.withLock { $0.append(wish) }
    arrival.signal()
  }
}
