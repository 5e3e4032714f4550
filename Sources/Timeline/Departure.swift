import Media

/// A track that has left its line alone: its stamps agree on another place, those of the others go on.
struct Departure {
  /// Source time at which its content at the new place began, and how far the others were then.
  let beginning: TimeSpan
  private let others: TimeSpan
  private(set) var isRejected = false
  /// How far it was rejected.
  private var reached: TimeSpan
  /// How far both were when the others were last seen to go on.
  private var seen: (own: TimeSpan, others: TimeSpan)

  /// Whoever has kept to a new place for so long is no outlier: its clock was set.
  private static let persistence = TimeSpan(seconds: 10)
  /// How far tracks of one source may seem to slip: packets are held and come in a burst.
  private static let slack = Jump.interleaving * 2

  /// - Parameter others: how far the other tracks are, in source time.
  init(to beginning: TimeSpan, others: TimeSpan) {
    (self.beginning, self.others) = (beginning, others)
    seen = (beginning, others)
    reached = beginning
  }

  mutating func reject(at own: TimeSpan, length: TimeSpan, others: TimeSpan) {
    isRejected = true
    reached = own + length
    if others > seen.others { seen = (own, others) }
  }

  /// How far the others have gone on since they were last seen to.
  func progress(of others: TimeSpan) -> TimeSpan { others - seen.others }

  /// Whether the others have been silent while it went on up to there.
  /// - Parameter interval: how far apart the others' contents are.
  func isForsaken(at own: TimeSpan, others: TimeSpan, interval: TimeSpan) -> Bool {
    others <= seen.others && own - seen.own > Self.slack + interval
  }

  /// Whether what begins there goes on with what began at the new place; as far as others that are silent tell.
  func isKept(by start: TimeSpan, others: TimeSpan) -> Bool {
    others <= seen.others || ((start - beginning) - (others - self.others)).magnitude <= Self.slack
  }

  /// Whether what has come up to there rather goes on with the new place than with the old line.
  /// - Parameter line: where the old line would be with all that was rejected.
  func isContinued(by position: TimeSpan, ratherThan line: TimeSpan) -> Bool {
    isRejected && (position - reached).magnitude < (position - line).magnitude
  }

  /// Whether the others have gone on for so long that it will not return.
  func isLasting(others: TimeSpan) -> Bool { others - self.others >= Self.persistence }
}

/// What puts a track beside the others again that has left them for good: it goes on where its old line ended. That
/// is inferred, and known no better than tracks stand beside each other in a stream.
struct Repair {
  /// Added to its stamps.
  private(set) var shift: TimeSpan
  private(set) var halfWidth: TimeSpan

  private static let interleaving = TimeSpan(milliseconds: 500)

  /// Whether tracks that stood together have come so far apart that not all can have kept their clocks.
  static func isNeeded(slip: TimeSpan, interval: TimeSpan) -> Bool { slip.magnitude > Jump.longestOverlap + interval }

  /// - Parameters:
  ///   - step: from the end of its old line to the beginning of the new one.
  ///   - slip: how far the others have gone on by more than it has, since they were last together.
  ///   - isFlowing: no packets were held in the meantime, so that the slip tells what was lost.
  ///   - interval: how far apart the others' contents are.
  init(step: TimeSpan, slip: TimeSpan, isFlowing: Bool, interval: TimeSpan) {
    let noise = Self.interleaving + interval
    let isLoss = isFlowing && slip.magnitude > noise
    shift = (isLoss ? slip : .zero) - step
    halfWidth = isLoss ? noise : noise + slip.magnitude
  }

  /// Whether a step brings the track back to where its own stamps say it is.
  func isUndone(by step: TimeSpan) -> Bool { (step - shift).magnitude <= Self.interleaving }

  /// This one after an earlier one; nil when the track has come back to where its own stamps say it is.
  func after(_ earlier: Repair?) -> Repair? {
    guard let earlier else { return self }
    var both = self
    both.shift += earlier.shift
    both.halfWidth += earlier.halfWidth
    return both.shift.magnitude <= Self.interleaving ? nil : both
  }

  func mended(_ sound: SoundClock.Placed) -> SoundClock.Placed {
    var sound = sound
    sound.anchor += shift
    sound.halfWidth += halfWidth
    sound.isInferred = true
    return sound
  }

  func mended(_ picture: PictureClock.Placed) -> PictureClock.Placed {
    var picture = picture
    picture.start += shift
    picture.end += shift
    picture.validUntil += shift
    picture.halfWidth += halfWidth
    picture.isInferred = true
    return picture
  }
}
