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
  /// Where the last connection ended.
  private var position = TimeSpan.zero
  private var wall: Int64?
  /// Of the open epoch.
  private var epoch: Epoch?
  private var wallZero: Int64?
  private var covered = Instant.zero
  /// When the connection gave its first content.
  private var begun: Duration?
  /// Processor time that a packet may take. A worker that is ended for it may have been slow, and not stuck.
  private var step: Duration

  init(
    _ runner: SourceRunner, _ daemon: DaemonParts, _ pulse: Pulses.Pulse, _ interruption: Interruption, isPipe: Bool
  ) {
    self.runner = runner
    self.daemon = daemon
    self.pulse = pulse
    self.interruption = interruption
    self.isPipe = isPipe
    lane = daemon.openLane(runner.status, runner.config, isLive: !isPipe)
    backoff = daemon.backoff
    step = daemon.liveStep
  }

  /// Whoever gave content for so long and died is replaced at once.
  private static let healthy = Duration.seconds(10)

  mutating func run() {
    while !interruption.isRaised {
      begun = nil
      let reason = connect()
      guard !interruption.isRaised else { break }
      let lasted = begun.map { daemon.clock.now() - $0 } ?? .zero
      runner.status.change { state in
        state.phase = .waiting
        state.reconnects += 1
        if let reason { state.lastError = reason.words }
      }
      let delay = backoff.delay(after: lasted, isRefused: reason?.isRefusal ?? false, chance: daemon.chance())
      let isAtOnce = isPipe && begun != nil || reason?.isDecoders ?? false && lasted >= Self.healthy
      _ = runner.rest(isAtOnce ? .zero : delay, pulse)
    }
    end()
  }

  /// Why a connection ended.
  private struct Reason {
    let words: String
    /// The worker's end, not the source's.
    var isDecoders = false
    /// The other side knows us and says no.
    var isRefusal: Bool { ["401", "403"].contains { words.contains("returned \($0)") } }
  }

  /// One connection, to its end.
  private mutating func connect() -> Reason? {
    runner.status.enter(.connecting)
    pulse.beat(within: isPipe ? .seconds(Int64(Int32.max)) : daemon.liveSilence + .seconds(60))
    do {
      let first = try daemon.desk.reserveEpoch(of: runner.status.label, atLeast: 0)
      let source = try open(first)
      runner.status.enter(.running)
      while let items = try source.next() {
        if begun == nil { begun = daemon.clock.now() }
        if !isPipe { pulse.beat(within: daemon.liveSilence + .seconds(60)) }
        if source.isBroken { runner.status.change { $0.restarts += 1 } }
        if source.wasStuck { step = min(step * 2, DaemonParts.longestStep) }
        guard try hand(items, reserved: first) else { return reopenLane() }
      }
      return runner.status.snapshot.lastError.map { Reason(words: $0, isDecoders: source.isBroken) }
    } catch { return Reason(words: "\(error)") }
  }

  private func open(_ first: Int32) throws -> WorkerSource {
    var request = daemon.plan.request()
    request.live = daemon.liveOptions(runner.config)
    request.continuation = Continuation(epoch: first, position: position, wall: wall)
    let order = SourceOrder(
      try runner.config.url.filled(daemon.credentials), label: runner.status.label, daemon.selection(runner.config),
      request, threads: 1)
    return try daemon.program.open(order, interruption: interruption, silence: isPipe ? nil : daemon.liveSilence, step: step)
  }

  /// Hands items on; the source itself does not end with a connection.
  /// - Returns: false where nobody takes them any more.
  private mutating func hand(_ items: [Item], reserved first: Int32) throws -> Bool {
    var kept: [Item] = []
    for item in items {
      guard case .mark(let mark) = item else {
        kept.append(item)
        continue
      }
      try note(mark, reserved: first)
      if case .ended = mark { continue }
      kept.append(item)
    }
    return kept.isEmpty || lane.send(HandOver(items: kept, arrived: daemon.clock.now()))
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
      (epoch, wallZero, covered) = (opened, nil, .zero)
    case .wall(let time) where time.epoch == epoch?.index:
      wallZero = time.zero
      runner.status.change { $0.driftPPM = time.driftPPM ?? $0.driftPPM }
    case .covered(let coverage): covered = max(covered, coverage.interval.end)
    case .closed(_, let end):
      position = (epoch?.start ?? position) + end.sinceZero
      wall = wallZero.map { $0 + end.sinceZero.nanoseconds / 1000 }
      epoch = nil
    default: break
    }
  }

  /// What it gave could not be worked on: it begins anew, in stages that know nothing of that.
  private mutating func reopenLane() -> Reason? {
    epoch = nil
    runner.status.settle()
    lane = daemon.openLane(runner.status, runner.config, isLive: !isPipe)
    return runner.status.snapshot.lastError.map { Reason(words: $0) }
  }

  /// The source is no longer wanted: what it has given is still worked on.
  private func end() {
    let outcome = SourceOutcome(name: runner.status.label, ending: .complete)
    let closing = epoch.map { [Item.mark(.closed(epoch: $0.index, end: covered))] } ?? []
    _ = lane.send(HandOver(items: closing + [.mark(.ended(outcome))], arrived: daemon.clock.now()))
    lane.close()
  }
}
