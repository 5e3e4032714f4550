import Config
import Dispatch
import Flow
import Glibc
import Media
import Seam
import Supervise
import Synchronization
import System

/// One source for as long as it is configured: opens it, hands over what it gives, and opens it again when it breaks
/// off, for ever. Whatever happens to its worker happens to no other source.
final class SourceRunner: Sendable {
  /// Tries at a file that no decoder survives.
  private static let tries = 3

  let config: SourceConfig
  let status: SourceStatus
  let program: DecodeProgram
  private let daemon: DaemonParts
  private let interruption = Interruption()
  private let wake = Semaphore()
  private let errand = Errand()
  /// Its way to the encoders.
  private let lane = Mutex<Funnel<HandOver>.Lane?>(nil)
  /// What the log knows of it.
  private let outage = Mutex(Outage())

  init(_ config: SourceConfig, _ daemon: DaemonParts) {
    self.config = config
    self.daemon = daemon
    program = daemon.makeProgram()
    status = SourceStatus(label: config.name)
    if !config.enabled { status.enter(.disabled) }
  }

  /// It begins on a thread of its own, once its predecessor has ended.
  func start(after predecessor: SourceRunner? = nil) {
    let pulse = daemon.pulses.begin("source \(config.name)", within: .seconds(60))
    do throws(Errno) {
      try errand.start { [self] in
        pulse.rest()
        _ = predecessor?.hasEnded(by: .distantFuture)
        run(pulse)
        program.release()
        pulse.end()
        status.enter(.stopped)
      }
    } catch {
      status.fail("no thread for it: \(error)")
      pulse.end()
    }
  }

  /// It ends soon.
  func askToStop() {
    interruption.raise()
    lane.withLock { $0?.stopWaiting() }
    wake.signal()
  }

  /// Whether it has ended by then; waits for it.
  func hasEnded(by deadline: DispatchTime = .now()) -> Bool { errand.hasEnded(by: deadline) }

  /// What a source is may change until it can be read.
  private func run(_ pulse: Pulses.Pulse) {
    var backoff = daemon.backoff
    while !interruption.isRaised {
      pulse.rest()  // a disk may not answer: that is no hang of ours
      switch SourceNature(config, daemon.credentials) {
      case .stream(let isPipe):
        var reading = LiveReading(self, daemon, pulse, interruption, isPipe: isPipe)
        reading.run()
      case .file(let path):
        guard readFile(path, status, pulse) == .missing else {
          while !interruption.isRaised { rest(.seconds(3600), pulse) }
          return
        }
      case .directory(let path): watch(path, pulse)
      }
      status.enter(.waiting)
      if !interruption.isRaised { noteBreak(status.snapshot.lastError ?? "is gone") }
      backoff.follow(daemon.backoff)
      rest(backoff.delay(after: .zero, chance: daemon.chance()), pulse)
    }
  }

  /// Waits so long, or until the source is to end.
  func rest(_ pause: Duration, _ pulse: Pulses.Pulse) {
    pulse.beat(within: pause + .seconds(60))
    if !interruption.isRaised { _ = wake.wait(for: pause) }
  }

  /// It gives content: the log is told where it did not.
  func noteContent() { say(outage.withLock { $0.end(at: daemon.clock.now()) }) }

  /// It gives none.
  func noteBreak(_ reason: String) { say(outage.withLock { $0.begin(reason, at: daemon.clock.now()) }) }

  private func say(_ news: String?) {
    if let news { Messages.line("tandem: \(config.name): \(news)") }
  }

  /// A new way to the encoders.
  func openLane(_ status: SourceStatus, isLive: Bool) -> Funnel<HandOver>.Lane {
    let lane = daemon.openLane(status, config, isLive: isLive)
    self.lane.withLock { $0 = lane }
    if interruption.isRaised { lane.stopWaiting() }
    return lane
  }

  /// Bytes of it that wait to be encoded.
  var waiting: Int { lane.withLock { $0?.weight ?? 0 } }

  /// What its decoders hold in memory, in bytes; nil while none runs.
  var workerMemory: Int? { program.residentBytes }

  // MARK: Recorded sources

  /// Until the directory is gone.
  private func watch(_ path: String, _ pulse: Pulses.Pulse) {
    do throws(Errno) {
      pulse.rest()  // it may be large, and far away
      var watch = try DirectoryWatch.open(path)
      status.enter(.idle)
      while !interruption.isRaised {
        pulse.beat(within: .seconds(60))
        for file in try watch.next(milliseconds: 200) where !interruption.isRaised {
          let part = SourceStatus(label: "\(config.name)/\(lastComponent(PathText.written(file)))", of: status)
          status.enter(.running)
          let end = readFile(file, part, pulse)
          if end == .missing { Messages.warning("\(part.label): \(part.snapshot.lastError ?? "is gone")") }
          status.change { state in
            switch end {
            case .finished: state.files += 1
            case .died, .unworkable: state.counters.add("files_quarantined")
            case .missing: state.counters.add("files_missing")
            case .known, .replaced, .unavailable, .stopped: break
            }
          }
          pulse.rest()
          do throws(Errno) { try daemon.finished.tidy(path) } catch {
            Messages.warning("the list of finished files: \(error)")
          }
          status.enter(.idle)
        }
      }
    } catch { status.fail("\(PathText.written(path)): \(error)") }
  }

  /// What became of a file.
  private enum Outcome {
    case finished
    /// It was read long ago.
    case known
    /// No decoder survives it.
    case died
    /// The encoders break off at it.
    case unworkable
    case missing
    /// Another one took its place just now.
    case replaced
    /// We cannot read just now, for reasons that are not the file's.
    case unavailable
    case stopped
  }

  /// Reads a file, once more where that may help.
  private func readFile(_ path: String, _ status: SourceStatus, _ pulse: Pulses.Pulse) -> Outcome {
    awaitSettled(status.label, pulse)
    pulse.rest()  // its disk may not answer
    guard !daemon.finished.contains(path, label: status.label) else {
      daemon.desk.forget(status.label)
      status.enter(.finished)
      return .known
    }
    var backoff = daemon.backoff
    var tries = 0
    while true {
      switch read(path, status, pulse, isLastTry: tries + 1 == Self.tries) {
      case let outcome where outcome == .died || outcome == .unworkable:
        tries += 1
        if outcome == .died { status.change { $0.restarts += 1 } }
        guard tries == Self.tries else { continue }
        status.enter(.quarantined)
        let reason = outcome == .died ? "no decoder survives it" : status.snapshot.lastError ?? "no encoder takes it"
        Messages.warning("\(status.label): left out: \(reason)")
        return outcome
      case .unavailable, .replaced:
        status.enter(.waiting)
        noteBreak(status.snapshot.lastError ?? "cannot be read")
        rest(backoff.delay(after: .zero, chance: daemon.chance()), pulse)
      case let outcome:
        if outcome == .finished { status.enter(.finished) }
        return outcome
      }
    }
  }

  /// A file that has changed begins when what it was before is stored: both have one name. Not for ever, though.
  private func awaitSettled(_ label: String, _ pulse: Pulses.Pulse) {
    let end = daemon.clock.now() + .seconds(60)
    while daemon.finished.isExpected(label), daemon.clock.now() < end, !interruption.isRaised {
      rest(.milliseconds(50), pulse)
    }
  }

  private func read(_ path: String, _ status: SourceStatus, _ pulse: Pulses.Pulse, isLastTry: Bool) -> Outcome {
    status.enter(.connecting)
    pulse.rest()
    guard let order = order(path, status) else { return interruption.isRaised ? .stopped : .unavailable }
    let lane = openLane(status, isLive: false)
    pulse.beat(within: daemon.fileSilence + .seconds(60))
    do throws(SourceError) {
      let source = try program.open(order, interruption: interruption, silence: daemon.fileSilence)
      pulse.rest()
      guard daemon.finished.isInPlace(status.label) else { return giveUp(lane, status, .replaced) }
      pulse.beat(within: daemon.fileSilence + .seconds(60))
      status.enter(.running)
      while let items = try source.next() {
        guard !source.isBroken || isLastTry else { return giveUp(lane, status, .died) }
        for case .mark(let mark) in items { note(mark, status) }
        guard secureEpochs(items, status, pulse) else { return giveUp(lane, status, .stopped) }
        pulse.rest()  // whoever takes it has a pulse
        guard lane.send(HandOver(items: items, arrived: daemon.clock.now())) else {
          return giveUp(lane, status, interruption.isRaised ? .stopped : .unworkable)
        }
        pulse.beat(within: daemon.fileSilence + .seconds(60))
      }
      lane.close()
      return source.isBroken ? .died : .finished
    } catch {
      status.fail("\(error)")
      switch error {
      case .interrupted: return giveUp(lane, status, .stopped)
      case .unreadable: return giveUp(lane, status, .missing)
      case .timedOut, .unavailable: return giveUp(lane, status, interruption.isRaised ? .stopped : .unavailable)
      case .undecodable, .inputOutput:
        Messages.warning("\(status.label): \(error)")
        let outcome = SourceOutcome(name: status.label, ending: .failed("\(error)", exitCode: error.exitCode))
        _ = lane.send(HandOver(items: [.mark(.ended(outcome))], arrived: daemon.clock.now()), evenIfFull: true)
        lane.close()
        return .finished
      }
    }
  }

  /// What a file is read by: in the epochs that it had before, or in new ones. Nil where nobody can note which.
  private func order(_ path: String, _ status: SourceStatus) -> SourceOrder? {
    var request = daemon.plan.request()
    do throws(Errno) {
      let least = daemon.desk.nextEpoch(of: status.label)
      let first = try daemon.finished.begin(path, label: status.label, atLeast: least)
      if first > 0 { request.continuation = Continuation(epoch: first, position: .zero) }
    } catch {
      status.fail("the list of finished files: \(error)")
      return nil
    }
    return SourceOrder(path, label: status.label, daemon.selection(config), request, threads: daemon.plan.threads)
  }

  /// No record of an epoch is given before it is noted that no other file of this name may have it.
  /// - Returns: false where the source is to end before that could be done.
  private func secureEpochs(_ items: [Item], _ status: SourceStatus, _ pulse: Pulses.Pulse) -> Bool {
    for case .mark(.epoch(let epoch)) in items {
      while true {
        do throws(Errno) {
          try daemon.finished.reach(epoch.index, label: status.label)
          break
        } catch { status.fail("the list of finished files: \(error)") }
        guard !interruption.isRaised else { return false }
        rest(.milliseconds(500), pulse)
      }
    }
    return true
  }

  private func giveUp(_ lane: Funnel<HandOver>.Lane, _ status: SourceStatus, _ outcome: Outcome) -> Outcome {
    lane.close(forgetting: true)
    daemon.finished.abandon(status.label)
    return outcome
  }

  func note(_ mark: Mark, _ status: SourceStatus) {
    switch mark {
    case .epoch(let epoch):
      status.change { state in
        state.epoch = epoch.index
        state.epochs += 1
      }
    case .covered(let coverage): status.change { $0.uncertainty = coverage.halfWidth.microseconds }
    case .ended(let outcome):
      status.endReading(outcome.counters)
      if let reason = outcome.ending.reason { status.fail(reason) }
    default: break
    }
  }
}
