import Media

/// The clock of a source's sender by its reports, as far as it can be believed.
struct SenderClock {
  private var estimate = WallEstimate()
  /// When one was believed last.
  private var believed: TimeSpan?
  /// Reports that were too far from our own clock.
  private(set) var rejected: Int64 = 0

  /// A clock further from ours was never set, or in another time zone, and 32 bits of RTP wrap after no less than
  /// 13 h: a thousand seconds are what an NTP client takes for an error too.
  private static let furthest = TimeSpan(seconds: 1000)
  /// After so long without one, the sender's clock tells nothing any more.
  private static let memory = TimeSpan(seconds: 60)
  /// The seconds of NTP wrap after 136 years, first in February 2036.
  private static let era = TimeSpan(seconds: 1 << 32)

  /// - Parameters:
  ///   - told: what it said at source time `time`, since 1970.
  ///   - now: by the monotonic clock.
  ///   - wall: by our own, since 1970.
  mutating func observe(_ told: TimeSpan, at time: TimeSpan, now: TimeSpan, wall: TimeSpan) {
    let eras = [told - Self.era, told, told + Self.era]
    guard let told = eras.first(where: { ($0 - wall).magnitude <= Self.furthest }) else {
      rejected += 1
      return
    }
    estimate.observe(told - time, now: now)
    believed = now
  }

  /// Stamps have moved: what was learnt of them is void.
  mutating func forgetStamps() { (estimate, believed) = (WallEstimate(), nil) }

  /// Its time minus the source's; nil when nothing is known of it now.
  func offset(now: TimeSpan) -> TimeSpan? {
    guard let believed, now - believed <= Self.memory else { return nil }
    return estimate.offset
  }

  var spread: TimeSpan { estimate.spread }
}
