import Dispatch
import Flow
import System

/// Work on a thread of its own whose end may be waited for.
final class Errand: Sendable {
  private let ended = Semaphore()

  /// Once; where the system gives no thread, it has ended, and may be started again.
  /// - Parameter next: done on the same thread when it has ended.
  func start(
    then next: @escaping @Sendable () -> Void = {}, _ work: @escaping @Sendable () -> Void
  ) throws(Errno) {
    _ = ended.wait(until: .now())
    do throws(Errno) {
      try startThread { [self] in
        work()
        ended.signal()
        next()
      }
    } catch {
      ended.signal()
      throw error
    }
  }

  /// Whether it has ended by then; waits for it.
  func hasEnded(by deadline: DispatchTime = .now()) -> Bool {
    guard ended.wait(until: deadline) else { return false }
    ended.signal()  // for the next who asks
    return true
  }
}
