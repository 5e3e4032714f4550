import Config
import Dispatch
import Synchronization

/// The sources that run, by name: added, changed and removed while the daemon runs. No change waits for a source to
/// end: who follows one of the same name begins when that has ended.
final class SourceTable: Sendable {
  private let parts: DaemonParts
  private let state = Mutex(State())

  private struct State {
    /// In the order in which they came.
    var runners: [SourceRunner] = []
    /// Asked to end, the last of each name.
    var leaving: [SourceRunner] = []
    var isStopping = false

    func index(_ name: String) -> Int? { runners.firstIndex { $0.config.name == name } }

    /// Asks one to end, who may have to be waited for.
    mutating func dismiss(_ runner: SourceRunner) {
      guard runner.config.enabled else { return }
      runner.askToStop()
      leaving.removeAll { $0.hasEnded() || $0.config.name == runner.config.name }
      leaving.append(runner)
    }
  }

  init(_ parts: DaemonParts) { self.parts = parts }

  var all: [SourceRunner] {
    state.withLock { state in
      state.leaving.removeAll { $0.hasEnded() }
      return state.runners
    }
  }

  subscript(name: String) -> SourceRunner? { all.first { $0.config.name == name } }

  /// Starts a source, in place of the one of this name; one that is not enabled is only known. None is started once
  /// all are to end.
  /// - Returns: whether it is new.
  @discardableResult
  func put(_ config: SourceConfig) -> Bool {
    state.withLock { state in
      let place = state.index(config.name)
      if state.isStopping || place.map({ state.runners[$0].config == config }) ?? false { return false }
      if let place { state.dismiss(state.runners.remove(at: place)) }
      let runner = SourceRunner(config, parts)
      state.runners.insert(runner, at: place ?? state.runners.endIndex)
      if config.enabled { runner.start(after: state.leaving.first { $0.config.name == config.name }) }
      return place == nil
    }
  }

  /// Tries again to start those for which there was no thread.
  func attend() {
    state.withLock { state in
      for runner in state.runners where runner.awaitsThread {
        runner.start(after: state.leaving.first { $0.config.name == runner.config.name })
      }
    }
  }

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
      return (state.runners + state.leaving).filter(\.config.enabled)
    }
    for runner in running { runner.askToStop() }
    return running.filter { !$0.hasEnded(by: deadline) }.map(\.config.name)
  }
}
