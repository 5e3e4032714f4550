import Config
import Synchronization

/// The sources that run, by name: added, changed and removed while the daemon runs.
final class SourceTable: Sendable {
  private let parts: DaemonParts
  /// In the order in which they came.
  private let runners = Mutex<[SourceRunner]>([])
  /// One change at a time.
  private let change = Mutex(())

  init(_ parts: DaemonParts) { self.parts = parts }

  var all: [SourceRunner] { runners.withLock { $0 } }

  subscript(name: String) -> SourceRunner? { all.first { $0.config.name == name } }

  /// Starts a source, in place of the one of this name; one that is not enabled only ends.
  /// - Returns: whether it is new.
  @discardableResult
  func put(_ config: SourceConfig) -> Bool {
    change.withLock { _ in
      let old = self[config.name]
      guard old?.config != config else { return false }
      old?.stop()
      let runner = config.enabled ? SourceRunner(config, parts) : nil
      runners.withLock { runners in
        let place = runners.firstIndex { $0 === old }
        if let place { runners.remove(at: place) }
        if let runner { runners.insert(runner, at: place ?? runners.endIndex) }
      }
      runner?.start()
      return old == nil
    }
  }

  /// - Returns: false where there is none of this name.
  func remove(_ name: String) -> Bool {
    change.withLock { _ in
      guard let runner = self[name] else { return false }
      runner.stop()
      runners.withLock { $0.removeAll { $0 === runner } }
      return true
    }
  }

  /// Ends all, at once.
  func stop() {
    let running = all
    for runner in running { runner.askToStop() }
    for runner in running { runner.stop() }
  }
}
