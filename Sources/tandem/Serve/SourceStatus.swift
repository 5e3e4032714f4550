import Align
import Media
import Synchronization

/// What is known of a source while it runs: written by those who work for it, read by those who ask.
final class SourceStatus: Sendable {
  enum Phase: String, Sendable {
    case starting, connecting, running
    /// Between two tries.
    case waiting
    /// A recorded source has been read to its end; a directory or pipe waits for more.
    case finished, idle
    /// A file that no decoder survives.
    case quarantined
    case stopped
  }

  struct Snapshot: Sendable {
    var phase = Phase.starting
    var epoch: Int32?
    var epochs: Int64 = 0
    var reconnects: Int64 = 0
    /// Decoders that died or were ended.
    var restarts: Int64 = 0
    var lastError: String?
    /// Windows that were stored by an earlier run.
    var storedBefore: Int64 = 0
    /// Widest bound on the error of time lately, in microseconds.
    var uncertainty: Double?
    var driftPPM: Float?
    var counters = Counters()
    fileprivate var settled = Aligner.Accounts()
    fileprivate var current = Aligner.Accounts()

    var accounts: Aligner.Accounts { settled + current }
  }

  /// The name that its records carry.
  let label: String
  private let state = Mutex(Snapshot())
  private let picture = Mutex<RGBImage?>(nil)

  init(label: String) { self.label = label }

  var snapshot: Snapshot { state.withLock { $0 } }
  var lastPicture: RGBImage? { picture.withLock { $0 } }

  func enter(_ phase: Phase) { state.withLock { $0.phase = phase } }

  func fail(_ reason: String) { state.withLock { $0.lastError = reason } }

  func show(_ image: RGBImage) { picture.withLock { $0 = image } }

  func change(_ work: (inout Snapshot) -> Void) { state.withLock { work(&$0) } }

  /// The windows of the stages that work for it now.
  func count(_ accounts: Aligner.Accounts) { state.withLock { $0.current = accounts } }

  /// Its next stages count from zero.
  func settle() {
    state.withLock { state in
      state.settled = state.accounts
      state.current = Aligner.Accounts()
    }
  }

  func countStored() { state.withLock { $0.storedBefore += 1 } }
}
