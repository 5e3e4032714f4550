import Glibc
package import Media

/// The clocks of this machine, or a test's.
package struct HostClock: Sendable {
  /// Time since some beginning, that in which the machine slept included; never steps otherwise.
  package var now: @Sendable () -> TimeSpan
  /// Time since 1970; may step.
  package var wall: @Sendable () -> TimeSpan

  package init(now: @escaping @Sendable () -> TimeSpan, wall: @escaping @Sendable () -> TimeSpan) {
    self.now = now
    self.wall = wall
  }

  package static let system = HostClock(now: { read(CLOCK_BOOTTIME) }, wall: { read(CLOCK_REALTIME) })

  private static func read(_ clock: clockid_t) -> TimeSpan {
    var time = timespec()
    clock_gettime(clock, &time)
    return TimeSpan(seconds: Int64(time.tv_sec)) + TimeSpan(ticks: Int64(time.tv_nsec), Ratio(1, 1_000_000_000))
  }
}
