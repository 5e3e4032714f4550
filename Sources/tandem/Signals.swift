import Dispatch
import Glibc
import Synchronization
import System

/// SIGINT and SIGTERM, and SIGHUP and SIGQUIT of a terminal, ask the pipeline to stop reading; what is complete is still written.
final class Signals: Sendable {
  /// Those of this process.
  static let shared = Signals()

  /// Raised by the first signal.
  let interruption = Interruption()
  private let received = Atomic<Int32>(0)
  private let isListening = Atomic<Bool>(false)

  /// The exit code of the signal that came; nil when none did.
  var exitCode: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }

  /// Listens from now on. A second signal ends the process at once.
  func listen() {
    guard !isListening.exchange(true, ordering: .relaxed) else { return }
    let queue = DispatchQueue(label: "signals")
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
      let earlier = unsafe unsafeBitCast(signal(number, SIG_IGN), to: Int.self)
      // Whoever started us, as nohup(1) does, wants the terminal's end to be no concern of ours.
      if number == SIGHUP, unsafe earlier == unsafeBitCast(SIG_IGN, to: Int.self) { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      // The handler keeps its own source: it listens as long as the process lives.
      source.setEventHandler { [self] in withExtendedLifetime(source) { arrived(number) } }
      source.resume()
    }
  }

  private func arrived(_ number: Int32) {
    if interruption.isRaised, received.load(ordering: .relaxed) != 0 { Glibc.exit(128 + number) }
    received.store(number, ordering: .relaxed)
    interruption.raise()
  }
}
