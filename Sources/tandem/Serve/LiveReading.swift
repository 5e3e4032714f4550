import Config
import Flow
import Media
import Seam
import Supervise
import System

/// The readings of a source that has no end: one connection after the other, each in an epoch of its own that goes on
/// where the one before ended.
struct LiveReading {
  private let runner: SourceRunner
  private let daemon: DaemonParts
  private let pulse: Pulses.Pulse
  private let interruption: Interruption
  /// A named pipe: silence is nothing wrong, and the next writer is waited for at once.
  private let isPipe: Bool
  private var lane: Funnel<HandOver>.Lane
  private var backoff: Backoff
  /// Where the last connection ended, and when by our own clock.
  private var position = TimeSpan.zero
  private var wall: Int64?
  /// Of the open epoch.
  private var epoch: Epoch?
  private var wallZero: Int64?
  private var covered = Instant.zero
  /// An epoch that was reserved, and that no connection has begun.
  private var reserved: Int32?
  /// Whether any connection has given content.
  private var hasContent = false
  /// When the connection gave its first content.
  private var begun: Duration?
  /// Processor time that a packet may take. A worker that is ended for it may have been slow, and not stuck.
  private var step: Duration

  /// Whoever gave content for so long and died is replaced at once.
  private static let healthy = Duration.seconds(10)

  init(
    _ runner: SourceRunner, _ daemon: DaemonParts, _ pulse: Pulses.Pulse, _ interruption: Interruption, isPipe: Bool
  ) {
    self.runner = runner
    self.daemon = daemon
    self.pulse = pulse
    self.interruption = interruption
    self.isPipe = isPipe
    lane = runner.openLane(runner.status, isLive: !isPipe)
    backoff = daemon.backoff
    step = daemon.liveStep
  }

  mutating func run() {
    while !interruption.isRaised {
      begun = nil
      let end = connect()
      runner.status.endReading(nil)
      closeEpoch()
      guard !interruption.isRaised else { break }
      runner.status.change { state in
        state.phase = .waiting
        state.reconnects += 1
        if let words = end.words { state.lastError = words }
      }
      runner.noteBreak(end.words ?? "its sender ended")
      runner.rest(pause(after: end), pulse)
    }
    if hasContent {  // else nobody knows what it holds
      let outcome = SourceOutcome(name: runner.status.label, ending: .complete)
      _ = lane.send(HandOver(items: [.mark(.ended(outcome))], arrived: daemon.clock.now()), evenIfFull: true)
    }
    lane.close()
  }

  /// How a connection ended.
  private struct End {
    var words: String?
    /// The worker's end, not the source's.
    var isDecoders = false
    /// The other side knows us and says no.
    var isRefusal: Bool { ["401", "403"].contains { words?.contains("returned \($0)") ?? false } }
  }

  private mutating func pause(after end: End) -> Duration {
    let lasted = begun.map { daemon.clock.now() - $0 } ?? .zero
    backoff.follow(daemon.backoff)
    let delay = backoff.delay(after: lasted, isRefused: end.isRefusal, chance: daemon.chance())
    let isAtOnce = end.isDecoders ? lasted >= Self.healthy : isAwaiting && (begun != nil || runner.config.listen)
    return isAtOnce ? .zero : delay
  }

  /// Others come to us, when they like.
  private var isAwaiting: Bool { isPipe || runner.config.listen }

  /// One connection, to its end.
  private mutating func connect() -> End {
    runner.status.enter(.connecting)
    awaitItems()
    var end = End()
    do {
      let label = runner.status.label
      let first = try reserved ?? daemon.desk.reserveEpoch(of: label, atLeast: daemon.finished.nextEpoch(of: label))
      reserved = first
      let source = try open(first)
      runner.status.enter(.running)
      while let items = try source.next() {
        if begun == nil { begun = daemon.clock.now() }
        end = note(source, items, end)
        pulse.rest()  // whoever takes it has a pulse
        guard try hand(items, reserved: first) else {
          reopenLane()
          return End(words: runner.status.snapshot.lastError)
        }
        awaitItems()
      }
    } catch { end.words = "\(error)" }
    return end
  }

  /// Until the next items come.
  private func awaitItems() {
    if isAwaiting { pulse.rest() } else { pulse.beat(within: daemon.liveSilence + .seconds(60)) }
  }

  private mutating func note(_ source: WorkerSource, _ items: [Item], _ end: End) -> End {
    var end = end
    runner.status.note(source.accounts)
    for case .mark(.ended(let outcome)) in items {
      end.words = outcome.ending.reason
    }
    guard source.isBroken else { return end }
    runner.status.change { $0.restarts += 1 }
    if source.wasStuck { step = min(step * 2, DaemonParts.longestStep) }
    end.isDecoders = true
    return end
  }

  private func open(_ first: Int32) throws -> WorkerSource {
    var request = daemon.plan.request()
    request.live = daemon.liveOptions(runner.config)
    request.continuation = Continuation(epoch: first, position: position, wall: wall)
    let order = SourceOrder(
      try runner.config.url.filled(daemon.credentials), label: runner.status.label, daemon.selection(runner.config),
      request, threads: 1)
    return try runner.program.open(
      order, interruption: interruption, pace: .live(order.name), silence: isAwaiting ? nil : daemon.liveSilence,
      step: step)
  }

  /// Hands items on; the source itself does not end with a connection.
  /// - Returns: false where nobody takes them any more.
  private mutating func hand(_ items: [Item], reserved first: Int32) throws -> Bool {
    var kept: [Item] = []
    for item in items {
      if case .mark(let mark) = item {
        do { try note(mark, reserved: first) } catch {
          _ = give(kept)  // what came before the epoch that cannot be
          throw error
        }
        if case .ended = mark { continue }
      }
      kept.append(item)
    }
    return give(kept)
  }

  private func give(_ items: [Item], evenIfFull: Bool = false) -> Bool {
    items.isEmpty || lane.send(HandOver(items: items, arrived: daemon.clock.now()), evenIfFull: evenIfFull)
  }

  private mutating func note(_ mark: Mark, reserved first: Int32) throws {
    runner.note(mark, runner.status)
    switch mark {
    case .epoch(let opened):
      // Each later epoch of the connection is reserved as the first was, before any record of it can be given.
      if opened.index != first,
        try daemon.desk.reserveEpoch(of: runner.status.label, atLeast: opened.index) != opened.index
      {
        throw SourceError.undecodable("its epochs are out of order")
      }
      (epoch, reserved, wallZero, covered) = (opened, nil, nil, .zero)
      hasContent = true
      runner.noteContent()
    case .wall(let time) where time.epoch == epoch?.index:
      wallZero = time.arrivalZero
      runner.status.change { $0.driftPPM = time.driftPPM ?? $0.driftPPM }
    case .covered(let coverage): covered = max(covered, coverage.interval.end)
    case .closed(_, let end): leaveEpoch(at: end)
    default: break
    }
  }

  private mutating func leaveEpoch(at end: Instant) {
    position = (epoch?.start ?? position) + end.sinceZero
    wall = wallZero.map { $0 + end.sinceZero.nanoseconds / 1000 }
    epoch = nil
  }

  /// An epoch that its connection has left open ends where its content did: what it gave is still worked on.
  private mutating func closeEpoch() {
    guard let open = epoch else { return }
    _ = give([.mark(.closed(epoch: open.index, end: covered))], evenIfFull: true)
    leaveEpoch(at: covered)
  }

  /// What it gave could not be worked on: it begins anew, in stages that know nothing of that.
  private mutating func reopenLane() {
    guard !interruption.isRaised else { return }
    if epoch != nil { leaveEpoch(at: covered) }
    lane = runner.openLane(runner.status, isLive: !isPipe)
  }
}
