import Dispatch
import Glibc
import Synchronization
import System

/// What the operator asks of a running daemon by signals.
final class ServiceSignals: Sendable {
  enum Wish: Sendable { case stop, reload }

  /// Raised when programs that have not answered are to be waited for no longer.
  let lastMoment = Interruption()
  private let wishes = Mutex<[Wish]>([])
  /// The first wish to end has come.
  private let isStopping = Mutex(false)
  private let arrival = Semaphore()
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
    _ = arrival.wait(for: patience)
    return wishes.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }

  func raiseLastMoment(in time: DispatchTimeInterval) {
    queue.asyncAfter(deadline: .now() + time) { [lastMoment] in lastMoment.raise() }
  }

  private func arrived(_ wish: Wish, _ number: Int32) {
    if wish == .stop {
      let isSecond = isStopping.withLock { isStopping in
        defer { isStopping = true }
        return isStopping
      }
      if isSecond { Glibc.exit(128 + number) }
      raiseLastMoment(in: .seconds(8))  // even where the daemon has not yet got as far as to stop
    }
    wishes.withLock { $0.append(wish) }
    arrival.signal()
  }
}
