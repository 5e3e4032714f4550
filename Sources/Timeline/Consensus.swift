import Media

/// What becomes of tracks that have left the open epoch, by what the others do.
struct Consensus {
  enum Verdict {
    /// The others have not spoken yet.
    case open
    /// All go on elsewhere.
    case nextEpoch
    /// These jumped alone.
    case alone([Int])
  }

  private let tracks: [TrackClock]
  /// Whether the open epoch stands on the clock of the sender's reports; nil where none is open.
  private let isLocked: Bool?

  /// Whoever gains as much while a track waits for it still speaks; more than decoders hold back.
  private static let activity = TimeSpan(seconds: 1)

  init(_ tracks: [TrackClock], isLocked: Bool?) { (self.tracks, self.isLocked) = (tracks, isLocked) }

  /// A jump of all tracks that still speak begins a new epoch; one that the others do not follow is its own.
  var verdict: Verdict {
    guard tracks.contains(where: \.isAway) else { return .open }
    let others = tracks.filter { !$0.isAway && !$0.hasEnded }
    guard !others.isEmpty else { return .nextEpoch }
    let haveGoneOn = others.allSatisfy { hasGoneOn($0) }
    // Who was rejected before needs no second thought, as long as the others speak.
    return .alone(jumped.filter { isKnown($0) ? !tracks[$0].isForsaken(by: tracks.others(beside: $0)) : haveGoneOn })
  }

  /// Nobody waits any longer for the others of tracks that have jumped.
  func verdict(_ reason: Timekeeper.Impatience) -> Verdict {
    let areActive = jumped.allSatisfy { progress(beside: $0) >= (isKnown($0) ? TimeSpan(flicks: 1) : Self.activity) }
    let interval = jumped.first.flatMap { tracks.others(beside: $0)?.interval } ?? .zero
    if jumped.isEmpty || !areActive && (reason == .full || interval <= Self.activity) { return .nextEpoch }
    return areActive ? .alone(jumped) : .open
  }

  /// Tracks that have jumped by their stamps alone. One that the sender's reports have moved waits for the others.
  private var jumped: [Int] {
    tracks.indices.filter { n in
      tracks[n].isJumped
        && (!tracks[n].timing.needsReports || isLocked == nil || tracks[n].speaksReported == isLocked)
    }
  }

  private func isKnown(_ n: Int) -> Bool { tracks[n].departure?.isRejected ?? false }

  /// How far the others have gone on since they were last seen to.
  private func progress(beside n: Int) -> TimeSpan {
    guard let departure = tracks[n].departure, let others = tracks.others(beside: n) else { return .zero }
    return departure.progress(of: others.position)
  }

  /// The track has gone on for longer than tracks are interleaved since the first other one jumped.
  private func hasGoneOn(_ track: TrackClock) -> Bool {
    let jumped = tracks.lazy.filter { $0.isJumped }.compactMap { $0.position }.max() ?? .zero
    return (track.position ?? jumped) > jumped + Jump.interleaving
  }
}

extension [TrackClock] {
  /// The tracks beside one that go on in the open epoch; nil where there are none, or none has spoken.
  func others(beside n: Int) -> Others? {
    let others = indices.filter { other in
      other != n && !self[other].isAway && !self[other].hasEnded && self[other].departure == nil
    }
    return others.compactMap { self[$0].position }.max().map { position in
      Others(position: position, interval: others.map { self[$0].interval }.max() ?? .zero)
    }
  }
}
