import Media

/// How a source's time stands to another clock: the least difference seen lately (a packet may come late, never
/// early), how much it varies, and how it drifts.
struct WallEstimate {
  private struct Stretch {
    let begin: TimeSpan
    var least: TimeSpan
    /// When that was.
    var at: TimeSpan
    var greatest: TimeSpan
  }

  /// The two latest stretches: the estimate.
  private var recent: [Stretch] = []
  /// The least difference of each stretch and when it was; stretches become longer as they become many: the drift.
  private var history: [(begin: TimeSpan, at: TimeSpan, least: TimeSpan)] = []
  private var spacing = stretch

  private static let stretch = TimeSpan(seconds: 10)
  private static let memory = 32
  /// A difference that moves by more belongs to another line of stamps.
  private static let longestStep = TimeSpan(seconds: 60)
  private static let shortestDrift = TimeSpan(seconds: 60)

  /// - Parameters:
  ///   - offset: the other clock minus the source's time.
  ///   - now: by the monotonic clock.
  mutating func observe(_ offset: TimeSpan, now: TimeSpan) {
    if let last = recent.last, (offset - last.least).magnitude > Self.longestStep { self = WallEstimate() }
    guard let last = recent.last, now - last.begin < Self.stretch else { return begin(offset, now) }
    if offset < last.least { (recent[recent.count - 1].least, recent[recent.count - 1].at) = (offset, now) }
    recent[recent.count - 1].greatest = max(last.greatest, offset)
  }

  private mutating func begin(_ offset: TimeSpan, _ now: TimeSpan) {
    if let last = recent.last { remember(last) }
    recent = recent.suffix(1) + [Stretch(begin: now, least: offset, at: now, greatest: offset)]
  }

  private mutating func remember(_ stretch: Stretch) {
    let next = (begin: stretch.begin, at: stretch.at, least: stretch.least)
    if let last = history.last, stretch.begin - last.begin < spacing {
      history[history.count - 1] = Self.joined(last, next)
      return
    }
    history.append(next)
    guard history.count >= Self.memory else { return }
    history = stride(from: 0, to: history.count - 1, by: 2).map { Self.joined(history[$0], history[$0 + 1]) }
    spacing = spacing * 2
  }

  private static func joined(
    _ a: (begin: TimeSpan, at: TimeSpan, least: TimeSpan), _ b: (begin: TimeSpan, at: TimeSpan, least: TimeSpan)
  ) -> (begin: TimeSpan, at: TimeSpan, least: TimeSpan) {
    a.least < b.least ? a : (a.begin, b.at, b.least)
  }

  var offset: TimeSpan? { recent.map(\.least).min() }

  /// How much the difference varied lately.
  var spread: TimeSpan { (recent.map(\.greatest).max() ?? .zero) - (offset ?? .zero) }

  /// By how much the other clock outruns the source's, in millionths: the median slope between any two stretches.
  var driftPPM: Float? {
    guard let first = history.first, let last = history.last, last.at - first.at >= Self.shortestDrift else {
      return nil
    }
    var slopes: [Int64] = []  // thousandths of a millionth
    for (n, a) in history.enumerated() {
      for b in history[(n + 1)...] where b.at > a.at {
        slopes.append(scale((b.least - a.least).flicks, by: 1_000_000_000, over: (b.at - a.at).flicks))
      }
    }
    slopes.sort()
    return Float(slopes[slopes.count / 2]) / 1000
  }
}
