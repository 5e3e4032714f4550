package import Dispatch
package import System

extension Semaphore {
  /// Whether it was signalled by then; waits for it.
  package func wait(until deadline: DispatchTime) -> Bool {
    if deadline == .distantFuture {
      wait()
      return true
    }
    let (then, now) = (deadline.uptimeNanoseconds, DispatchTime.now().uptimeNanoseconds)
    return wait(for: .nanoseconds(then > now ? Int64(clamping: then - now) : 0))
  }
}
