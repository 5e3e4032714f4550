import Glibc
import System

/// The clocks of the daemon, which tests replace.
struct Clock: Sendable {
  /// Never goes back, whatever is done to the clock on the wall.
  var now: @Sendable () -> Duration
  /// Seconds since 1970, as the clock on the wall said when this one was made: it does not follow its steps.
  var wall: @Sendable () -> Int64
  var sleep: @Sendable (Duration) -> Void

  static var system: Clock {
    let offset = Int64(time(nil)) - monotonicTime().components.seconds
    return Clock(now: monotonicTime, wall: { offset + monotonicTime().components.seconds }, sleep: pause)
  }

  private static let pause: @Sendable (Duration) -> Void = { pause in
    let (seconds, attoseconds) = pause.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    unsafe nanosleep(&time, nil)
  }
}
