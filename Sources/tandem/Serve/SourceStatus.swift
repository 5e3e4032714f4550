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
    /// It is not to run.
    case disabled
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
    /// Files of a directory that were read.
    var files: Int64 = 0
    /// Windows that were stored by an earlier run.
    var storedBefore: Int64 = 0
    /// Widest bound on the error of time lately, in microseconds.
    var uncertainty: Double?
    var driftPPM: Float?
    var counters = Counters()
    /// Of the reading that goes on.
    fileprivate var running = Counters()
    fileprivate(set) var windows = WindowAccounts()

    var losses: Counters {
      var all = counters
      all.add(running)
      return all
    }
  }

  /// The name that its records carry.
  let label: String
  /// The directory that this file is of: what becomes of the one becomes of the other.
  private let parent: SourceStatus?
  private let state = Mutex(Snapshot())
  private let picture = Mutex<RGBImage?>(nil)
  /// Of its windows, from the arrival of what completed them to their way out.
  let latency = LatencyHistogram()

  init(label: String, of parent: SourceStatus? = nil) {
    self.label = label
    self.parent = parent
  }

  var snapshot: Snapshot { state.withLock { $0 } }
  var lastPicture: RGBImage? { picture.withLock { $0 } }

  func enter(_ phase: Phase) { state.withLock { $0.phase = phase } }

  func fail(_ reason: String) { change { $0.lastError = reason } }

  func show(_ image: RGBImage) {
    picture.withLock { $0 = image }
    parent?.show(image)
  }

  func change(_ work: (inout Snapshot) -> Void) {
    state.withLock { work(&$0) }
    parent?.change(work)
  }

  /// Its stages have come to the end of more windows, maybe long after its reading has ended.
  /// - Parameter records: those on their way to the store.
  func count(_ more: Aligner.Accounts, dropped loss: WindowLoss = .overload, underWay records: Int = 0) {
    change { $0.windows.add(more, dropped: loss, underWay: records) }
  }

  /// The store has taken a record, or refused it.
  func settle(isTaken: Bool) { change { $0.windows.settle(isTaken: isTaken) } }

  /// What its reading has counted so far.
  func note(_ running: Counters) { state.withLock { $0.running = running.reasons(besides: $0.counters) } }

  /// Its reading has ended, with these counts in all; nil: those known so far.
  func endReading(_ counters: Counters?) {
    let all = state.withLock { state in
      let all = counters?.reasons(besides: state.counters) ?? state.running
      state.counters.add(all)
      state.running = Counters()
      return all
    }
    parent?.change { $0.counters.add(all) }
  }

  /// A record of its has left, so long after what completed its window came.
  func note(latency span: Duration) {
    latency.add(span)
    parent?.note(latency: span)
  }

  /// A file of a directory has come to its end.
  func countFile() { parent?.change { $0.files += 1 } }

  /// A file that no encoder takes, though it was read.
  func leaveOut() {
    guard let parent else { return }
    enter(.quarantined)
    parent.change { $0.counters.add("files_quarantined") }
    Messages.warning("\(label): left out: \(snapshot.lastError ?? "no encoder takes it")")
  }

  func countStored() { change { $0.storedBefore += 1 } }
}

extension Counters {
  /// As many as one source may have.
  private static let mostReasons = 256

  /// What a source lost, by reasons of ours: neither what its media say of themselves nor how often they say it makes
  /// more of them.
  fileprivate func reasons(besides known: Counters) -> Counters {
    var found = Counters()
    for (name, count) in values {
      let isOurs = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
      let hasRoom = known.values[name] != nil || known.values.count + found.values.count < Self.mostReasons
      found.add(!isOurs ? "tracks_refused" : hasRoom ? name : "others", count)
    }
    return found
  }
}
