import CLinux
import Glibc

/// The system's monotonic clock.
@Sendable package func monotonicTime() -> Duration {
  var time = timespec()
  _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
