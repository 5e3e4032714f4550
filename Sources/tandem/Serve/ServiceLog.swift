import Dispatch
import Glibc
import Synchronization
import System

/// The log of a service: lines are written by a thread of their own, so that nothing waits for whoever should read
/// them. What does not fit is lost, and counted.
final class ServiceLog: Sendable {
  fileprivate static let room = 64 << 10

  private struct State {
    var isOpen = false
    var waiting: [UInt8] = []
    var isWriting = false
    var lost: Int64 = 0
    /// Of those lost, the ones that the log does not tell of yet.
    var untold: Int64 = 0

    mutating func add(_ line: [UInt8]) {
      let apology = untold == 0 ? [] : Array("tandem: warning: lines of this log that were lost: \(untold)\n".utf8)
      guard waiting.count + apology.count + line.count <= ServiceLog.room else {
        (lost, untold) = (lost + 1, untold + 1)
        return
      }
      waiting += apology + line
      untold = 0
    }

    mutating func take() -> [UInt8] {
      defer { (waiting, isWriting) = ([], true) }
      return waiting
    }
  }
  private let state = Mutex(State())
  private let arrival = Semaphore()
  private let written = Semaphore()
  private let errand = Errand()

  /// Lines that were lost.
  var lost: Int64 { state.withLock { $0.lost } }

  /// From now on it takes what is to be written.
  func start() throws(Errno) {
    try errand.start { [self] in
      while true {
        arrival.wait()
        Messages.writeNow(state.withLock { $0.take() }[...])
        state.withLock { $0.isWriting = false }
        written.signal()
      }
    }
    state.withLock { $0.isOpen = true }
  }

  /// - Returns: false where it was not started.
  func take(_ line: [UInt8]) -> Bool {
    let isOpen = state.withLock { state in
      guard state.isOpen else { return false }
      state.add(line)
      return true
    }
    if isOpen { arrival.signal() }
    return isOpen
  }

  /// Waits until all is written, at most so long.
  func flush(within patience: Duration) {
    let end = monotonicTime() + patience
    while state.withLock({ $0.isWriting || !$0.waiting.isEmpty }), written.wait(for: end - monotonicTime()) {}
  }
}
