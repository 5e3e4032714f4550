import Glibc
import System

/// The clocks of the daemon, which tests replace.
struct Clock: Sendable {
  /// Never goes back, whatever is done to the clock on the wall.
  var now: @Sendable () -> Duration
  /// Seconds since 1970.
  var wall: @Sendable () -> Int64
  var sleep: @Sendable (Duration) -> Void

  static let system = Clock(
    now: monotonicTime,
    wall: { Int64(time(nil)) },
    sleep: { pause in
      let (seconds, attoseconds) = pause.components
      var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
      unsafe nanosleep(&time, nil)
    })
}
