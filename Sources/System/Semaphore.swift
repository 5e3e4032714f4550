import CLinux
import Glibc

/// A counting semaphore whose waits are measured by the monotonic clock. Those of Dispatch follow the clock on the wall:
/// where that is set back by an hour, they last an hour longer.
package final class Semaphore: Sendable {
  /// Of the `sem_t`, which must not move.
  private let address: Int

  package init(value: UInt32 = 0) {
    let place = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    unsafe sem_init(place, 0, value)
    address = Int(bitPattern: place)
  }

  deinit {
    unsafe sem_destroy(place)
    unsafe place.deallocate()
  }

  private var place: UnsafeMutablePointer<sem_t> { unsafe UnsafeMutablePointer(bitPattern: address)! }

  package func signal() { unsafe sem_post(place) }

  package func wait() { while unsafe sem_wait(place) != 0 {} }

  /// Whether it was signalled in time.
  package func wait(for patience: Duration) -> Bool {
    let (seconds, attoseconds) = (monotonicTime() + max(.zero, patience)).components
    var deadline = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    while unsafe linux_wait(place, &deadline) != 0 { if errno == ETIMEDOUT { return false } }
    return true
  }
}
