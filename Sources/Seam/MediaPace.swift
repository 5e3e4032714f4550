import Media

/// How far the time of a source may go: each of its windows is work, and a place in the store, whoever says that they
/// are there.
package struct MediaPace: Sendable {
  /// How far one message may go beyond all before it.
  let longestStep: TimeSpan
  /// Live: so much at once, and so many seconds for each of our own clock since the source was opened.
  private let live: (allowance: TimeSpan, rate: Int64)?

  /// A recording, whose end is its own.
  package static let recorded = MediaPace(longestStep: TimeSpan(seconds: 3 * 86_400), live: nil)

  /// A live source that its sender paces: what it may have in store for us, and holes, of a minute at most.
  package static let sent = MediaPace(longestStep: .minutes(2), live: (.minutes(2), 4))

  /// A live source that is taken as fast as it can be: playlists with hours behind them, recordings over HTTP, pipes.
  package static let taken = MediaPace(longestStep: .minutes(6 * 60), live: (.minutes(24 * 60), 1000))

  /// Of a live source by its address: whoever is called over the network paces it, unless it lies there to be fetched.
  package static func live(_ address: String) -> MediaPace {
    guard let scheme = address.firstRange(of: "://").map({ address[..<$0.lowerBound].lowercased() }) else {
      return .taken
    }
    return ["http", "https", "file"].contains(scheme) ? .taken : .sent
  }

  /// How far all its epochs may go together so long after it was opened; nil: as far as they like.
  func most(after elapsed: Duration) -> TimeSpan? {
    guard let live else { return nil }
    let (seconds, attoseconds) = elapsed.components
    let since = TimeSpan(seconds: seconds) + TimeSpan(ticks: attoseconds / 1_000_000_000, Ratio(1, 1_000_000_000))
    return live.allowance + since * live.rate
  }
}

extension TimeSpan {
  fileprivate static func minutes(_ count: Int64) -> TimeSpan { TimeSpan(seconds: 60 * count) }
}
