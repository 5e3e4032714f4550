import Config
import Dispatch
import Synchronization

/// The sources that run, by name: added, changed and removed while the daemon runs. No change waits for a source to
/// end: who follows one of the same name begins when that has ended. Until then there is no thread for it, and who
/// comes in its place is the one to follow.
final class SourceTable: Sendable {
  /// What became of a source that was put.
  enum Change {
    case added, changed
    /// It is there already, just so.
    case same
    /// There are as many as may be.
    case full
    /// All are to end.
    case stopping
  }

  private let parts: DaemonParts
  private let state = Mutex(State())

  private struct State {
    /// In the order in which they came.
    var runners: [SourceRunner] = []
    /// Asked to end, one of each name at most.
    var leaving: [SourceRunner] = []
    var isStopping = false

    func index(_ name: String) -> Int? { runners.firstIndex { $0.config.name == name } }

    /// Asks one to end, who may have to be waited for.
    mutating func dismiss(_ runner: SourceRunner) {
      runner.askToStop()
      if runner.config.enabled, !runner.awaitsThread { leaving.append(runner) }
    }

    /// Starts those that wait, for a thread or for the end of the one before.
    mutating func startWaiting() {
      leaving.removeAll { $0.hasEnded() }
      guard !isStopping else { return }
      for runner in runners where runner.awaitsThread {
        if !leaving.contains(where: { $0.config.name == runner.config.name }) { runner.start() }
      }
    }
  }

  init(_ parts: DaemonParts) { self.parts = parts }

  var all: [SourceRunner] { state.withLock { $0.runners } }

  subscript(name: String) -> SourceRunner? { all.first { $0.config.name == name } }

  /// Starts a source, in place of the one of this name; one that is not enabled is only known. None is started once
  /// all are to end.
  /// - Parameter limit: most sources with this one.
  @discardableResult
  func put(_ config: SourceConfig, limit: Int = .max) -> Change {
    state.withLock { state in
      guard !state.isStopping else { return .stopping }
      let place = state.index(config.name)
      guard let place else {
        guard state.runners.count < limit else { return .full }
        state.runners.append(runner(config))
        state.startWaiting()
        return .added
      }
      guard state.runners[place].config != config else { return .same }
      state.dismiss(state.runners[place])
      state.runners[place] = runner(config)
      state.startWaiting()
      return .changed
    }
  }

  private func runner(_ config: SourceConfig) -> SourceRunner {
    SourceRunner(config, parts) { [weak self] in self?.attend() }
  }

  /// Starts those that had to wait, where they need wait no longer.
  func attend() { state.withLock { $0.startWaiting() } }

  /// - Returns: false where there is none of this name.
  func remove(_ name: String) -> Bool {
    state.withLock { state in
      guard let place = state.index(name) else { return false }
      state.dismiss(state.runners.remove(at: place))
      return true
    }
  }

  /// Ends all.
  /// - Returns: the names of those who have not ended by then.
  func stop(by deadline: DispatchTime) -> [String] {
    let running = state.withLock { state in
      state.isStopping = true
      return (state.runners + state.leaving).filter { $0.config.enabled && !$0.awaitsThread }
    }
    for runner in running { runner.askToStop() }
    return running.filter { !$0.hasEnded(by: deadline) }.map(\.config.name)
  }
}
