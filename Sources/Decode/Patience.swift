import CFFmpeg
import Media
import System

/// When FFmpeg shall give up waiting or reading: it asks whenever it is about to do either.
final class Patience {
  private let interruption: Interruption
  private let clock: HostClock
  /// Questions left until the source is open; nil for no limit.
  private var questions: Int?
  private var deadline: TimeSpan?
  private var hasExpired = false
  /// Tells whether the source has begun to speak, and how long it has from then on at least.
  private var beginning: (hasCome: () -> Bool, wait: TimeSpan)?
  /// Who else wants to know when FFmpeg asks.
  var onQuestion: (() -> Void)?

  /// - Parameter questions: a playlist that names itself would ask for ever.
  init(_ interruption: Interruption, questions: Int? = nil, clock: HostClock = .system) {
    self.interruption = interruption
    self.questions = questions
    self.clock = clock
  }

  /// Gives up when this much time has passed; nil: never.
  func begin(_ wait: TimeSpan?) { deadline = wait.map { clock.now() + $0 } }

  /// A source that has just begun to speak is not cut off: its deadline is for the first bytes.
  /// - Parameter hasCome: asked at every question until it says so.
  func extend(by wait: TimeSpan, once hasCome: @escaping () -> Bool) { beginning = (hasCome, wait) }

  /// The source is being closed: nobody may look at it any more.
  func stopWatching() { (beginning, onQuestion) = (nil, nil) }

  func endOpening() { (questions, deadline, beginning) = (nil, nil, nil) }

  var isOver: Bool {
    onQuestion?()
    if let left = questions {
      if left <= 0 { return true }
      questions = left - 1
    }
    noteBeginning()
    if let deadline, clock.now() >= deadline { hasExpired = true }
    return hasExpired || interruption.isRaised
  }

  private func noteBeginning() {
    guard !hasExpired, let limit = deadline, let beginning, beginning.hasCome() else { return }
    deadline = max(limit, clock.now() + beginning.wait)
    self.beginning = nil
  }

  /// As `Decode.check`, and tells its own giving up from that of the user.
  func check(_ code: Int32, _ operation: String) throws(FFmpegError) {
    if code < 0, hasExpired { throw FFmpegError(code: FF_ETIMEDOUT, operation: operation) }
    if code == FF_EXIT, questions == 0 { throw FFmpegError(code: FF_INVALID_DATA, operation: "follow its playlists") }
    try Decode.check(code, operation)
  }
}
