import Media

/// Watches a live source for the ways in which one dies without ending.
struct LiveWatch {
  private let stallWait: TimeSpan
  private let isPaced: Bool
  private var progress: TimeSpan
  private var intervals: [TimeSpan] = []
  private var tracks: [Slot: Track] = [:]

  private struct Track {
    var furthest: TimeSpan
    /// When a stamp last went on, and whether content came since.
    var advanced: TimeSpan
    var isRepeating = false
    /// Since when the rate is measured, and how far stamps have come since.
    var since: TimeSpan
    var gained = TimeSpan.zero
  }

  /// A longer step is a jump, not a rate.
  private static let longestStep = TimeSpan(seconds: 10)
  /// What a sender may have in store for us.
  private static let burst = TimeSpan(seconds: 30)
  private static let measure = TimeSpan(seconds: 60)

  /// - Parameters:
  ///   - isPaced: the sender sets the pace, so that too much of it is its fault.
  ///   - read: how long has been read by now; backpressure counts as nothing.
  init(_ options: LiveOptions, isPaced: Bool, read: TimeSpan) {
    stallWait = options.stallWait
    self.isPaced = isPaced
    progress = read
  }

  /// Something was decoded.
  /// - Parameters:
  ///   - stamp: its source time.
  ///   - now: by the monotonic clock.
  mutating func note(_ slot: Slot, stamp: TimeSpan?, read: TimeSpan, now: TimeSpan) {
    intervals.append(read - progress)
    if intervals.count > 8 { intervals.removeFirst() }
    progress = read
    guard let stamp else { return }
    guard var track = tracks[slot] else {
      tracks[slot] = Track(furthest: stamp, advanced: read, since: now)
      return
    }
    let step = stamp - track.furthest
    if step > .zero || step < -TimeSpan(seconds: 1) {  // onwards, or back to another beginning
      (track.furthest, track.advanced, track.isRepeating) = (stamp, read, false)
      if step > .zero, step <= Self.longestStep { track.gained += step }
    } else {
      track.isRepeating = true
    }
    if now - track.since >= Self.measure, !isOverRate(track, now) { (track.since, track.gained) = (now, .zero) }
    tracks[slot] = track
  }

  /// What is wrong by now; nil while nothing is.
  func fault(read: TimeSpan, now: TimeSpan) -> SourceFault? {
    let patience = max(stallWait, (intervals.sorted().dropFirst(intervals.count / 2).first ?? .zero) * 5)
    if read - progress > patience { return .stalled }
    if tracks.values.contains(where: { $0.isRepeating && read - $0.advanced > patience }) { return .frozen }
    if isPaced, tracks.values.contains(where: { isOverRate($0, now) }) { return .overRate }
    return nil
  }

  private func isOverRate(_ track: Track, _ now: TimeSpan) -> Bool {
    track.gained > (now - track.since) * 2 + Self.burst
  }
}

extension SourceFault {
  var reason: String {
    switch self {
    case .silent: "nothing came from it for too long"
    case .stalled: "nothing of it could be decoded for too long"
    case .frozen: "its stamps stand still"
    case .format: "a track of it cannot be decoded any more"
    case .overRate: "its stamps run far ahead of the clock"
    case .input: "it could not be read on"
    }
  }
}
