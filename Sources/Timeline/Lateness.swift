import Media

/// When a live window stops waiting for a track. A track is expected where the furthest one was a jitter wait ago,
/// less what it is usually behind: containers interleave loosely and decoders hold frames back.
///
/// Time is that in which we waited for the source. What we or those behind us take makes nothing late.
struct Lateness {
  private let wait: TimeSpan
  private var waited = TimeSpan.zero
  /// When the epoch began.
  private var beginning = TimeSpan.zero
  /// How far the furthest track was, and when; the first is the latest that is a jitter wait old.
  private var history: [(at: TimeSpan, furthest: Instant)] = []
  /// How far each track was behind when it last spoke.
  private var lags: [Slot: [TimeSpan]] = [:]

  private static let memory = 64
  /// Before this much of an epoch, nothing is usual.
  private static let grace = TimeSpan(seconds: 2)
  private static let longestLag = TimeSpan(seconds: 30)
  private static let resolution = TimeSpan(milliseconds: 5)

  init(_ wait: TimeSpan) { self.wait = wait }

  mutating func begin() { (beginning, history, lags) = (waited, [], [:]) }

  mutating func note(_ slot: Slot, reached: Instant, furthest: Instant) {
    lags[slot, default: []].append(min(furthest - reached, Self.longestLag))
    if lags[slot]!.count > Self.memory { lags[slot]!.removeFirst() }
  }

  mutating func pass(_ waited: TimeSpan, furthest: Instant) {
    self.waited = waited
    if history.last.map({ waited - $0.at >= Self.resolution }) ?? true { history.append((waited, furthest)) }
    history.removeFirst(max(0, history.prefix { $0.at + wait <= waited }.count - 1))
  }

  /// Up to where a track must have come by now.
  func expected(_ slot: Slot) -> Instant {
    guard waited - beginning >= Self.grace, let past = history.first, past.at + wait <= waited else { return .zero }
    return past.furthest - (lags[slot]?.max() ?? .zero)
  }
}
