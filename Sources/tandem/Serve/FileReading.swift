import Flow
import Media
import Seam
import Supervise
import System

/// One recorded file, from its begin to its end, once more where that may help.
struct FileReading {
  /// What became of the file.
  enum Outcome {
    case finished
    /// It was read long ago.
    case known
    /// No decoder survives it.
    case died
    /// The encoders break off at it.
    case unworkable
    /// Its disk does not give all of it: that may change, so it is not done with.
    case broken
    case missing
    /// Another one took its place just now.
    case replaced
    /// We cannot read just now, for reasons that are not the file's.
    case unavailable
    case stopped
  }

  /// Tries at a file whose reading breaks off for want of a decoder, an encoder or bytes.
  private static let tries = 3

  private let path: String
  private let status: SourceStatus
  private let runner: SourceRunner
  private let daemon: DaemonParts
  private let pulse: Pulses.Pulse
  private let interruption: Interruption

  init(
    _ path: String, _ status: SourceStatus, _ runner: SourceRunner, _ daemon: DaemonParts, _ pulse: Pulses.Pulse,
    _ interruption: Interruption
  ) {
    self.path = path
    self.status = status
    self.runner = runner
    self.daemon = daemon
    self.pulse = pulse
    self.interruption = interruption
  }

  func run() -> Outcome {
    awaitSettled()
    pulse.rest()  // its disk may not answer
    guard !daemon.finished.contains(path, label: status.label) else {
      daemon.desk.forget(status.label)
      status.enter(.finished)
      return .known
    }
    var backoff = daemon.backoff
    var tries = 0
    while true {
      let isLastTry = tries + 1 == Self.tries
      let outcome = read(isLastTry: isLastTry)
      switch outcome {
      case .died, .unworkable, .broken:
        tries += 1
        if outcome == .died { status.change { $0.restarts += 1 } }
        if isLastTry { return leaveOut(outcome) }
        if outcome == .broken { pause(&backoff) }
      case .unavailable, .replaced: pause(&backoff)
      case .finished:
        status.enter(.finished)
        return outcome
      case .known, .missing, .stopped: return outcome
      }
      if interruption.isRaised { return .stopped }
    }
  }

  /// A file that has changed begins when what it was before is stored: both have one name.
  private func awaitSettled() {
    while daemon.finished.isExpected(status.label), !interruption.isRaised {
      runner.rest(.milliseconds(50), pulse)
    }
  }

  private func pause(_ backoff: inout Backoff) {
    status.enter(.waiting)
    runner.noteBreak(status.snapshot.lastError ?? "cannot be read")
    runner.rest(backoff.delay(after: .zero, chance: daemon.chance()), pulse)
  }

  private func leaveOut(_ outcome: Outcome) -> Outcome {
    status.enter(.quarantined)
    let known = status.snapshot.lastError
    let reason =
      switch outcome {
      case .died: "no decoder survives it"
      case .broken: "\(known ?? "it could not be read on"); it is read again after a restart"
      default: known ?? "no encoder takes it"
      }
    Messages.warning("\(status.label): left out: \(reason)")
    return outcome
  }

  // MARK: One try

  private func read(isLastTry: Bool) -> Outcome {
    status.enter(.connecting)
    pulse.rest()
    guard let order = makeOrder() else { return interruption.isRaised ? .stopped : .unavailable }
    let lane = runner.openLane(status, isLive: false)
    awaitItems()
    do throws(SourceError) {
      let source = try runner.program.open(order, interruption: interruption, silence: daemon.fileSilence)
      pulse.rest()
      guard daemon.finished.isInPlace(status.label) else { return giveUp(lane, .replaced) }
      awaitItems()
      status.enter(.running)
      return try handOn(source, lane, isLastTry: isLastTry)
    } catch {
      status.fail("\(error)")
      return end(lane, error, isLastTry: isLastTry)
    }
  }

  /// Until the next items come.
  private func awaitItems() { pulse.beat(within: daemon.fileSilence + .seconds(60)) }

  /// The last try hands on what there is, though it breaks off.
  private func handOn(
    _ source: WorkerSource, _ lane: Funnel<HandOver>.Lane, isLastTry: Bool
  ) throws(SourceError) -> Outcome {
    var problem: Outcome?
    while var items = try source.next() {
      problem = problem ?? Self.problem(source, items)
      if let problem, !isLastTry { return giveUp(lane, problem) }
      for case .mark(let mark) in items { runner.note(mark, status) }
      if problem == .broken { items.removeAll(where: \.isEnd) }  // for whoever hears of the end, it is done with
      guard secureEpochs(items) else { return giveUp(lane, .stopped) }
      pulse.rest()  // whoever takes it has a pulse
      guard lane.send(HandOver(items: items, arrived: daemon.clock.now())) else {
        return giveUp(lane, interruption.isRaised ? .stopped : .unworkable)
      }
      awaitItems()
    }
    lane.close()
    if problem == .broken { daemon.finished.abandon(status.label) }
    return problem ?? .finished
  }

  /// Why the reading broke off, where that is not the media's own fault.
  private static func problem(_ source: WorkerSource, _ items: [Item]) -> Outcome? {
    for case .mark(.ended(let outcome)) in items where outcome.fault == .input { return .broken }
    return source.breakage.map { $0 == .silent ? .broken : .died }
  }

  /// It could not be opened, or nothing came of it.
  private func end(_ lane: Funnel<HandOver>.Lane, _ error: SourceError, isLastTry: Bool) -> Outcome {
    switch error {
    case .interrupted: return giveUp(lane, .stopped)
    case .unreadable: return giveUp(lane, .missing)
    case .inputOutput: return giveUp(lane, .broken)
    case .timedOut, .unavailable: return giveUp(lane, interruption.isRaised ? .stopped : .unavailable)
    case .decoderEnded where !isLastTry: return giveUp(lane, .died)
    case .undecodable, .decoderEnded:
      Messages.warning("\(status.label): \(error)")
      let outcome = SourceOutcome(name: status.label, ending: .failed("\(error)", exitCode: error.exitCode))
      _ = lane.send(HandOver(items: [.mark(.ended(outcome))], arrived: daemon.clock.now()), evenIfFull: true)
      lane.close()
      if case .decoderEnded = error { return .died }
      return .finished
    }
  }

  private func giveUp(_ lane: Funnel<HandOver>.Lane, _ outcome: Outcome) -> Outcome {
    lane.close(forgetting: true)
    daemon.finished.abandon(status.label)
    return outcome
  }

  // MARK: Epochs

  /// What a file is read by: in the epochs that it had before, or in new ones. Nil where nobody can note which.
  private func makeOrder() -> SourceOrder? {
    var request = daemon.plan.request()
    do throws(Errno) {
      let least = daemon.desk.nextEpoch(of: status.label)
      let first = try daemon.finished.begin(path, label: status.label, atLeast: least)
      if first > 0 { request.continuation = Continuation(epoch: first, position: .zero) }
    } catch {
      status.fail("the list of finished files: \(error)")
      return nil
    }
    return SourceOrder(
      path, label: status.label, daemon.selection(runner.config), request, threads: daemon.plan.threads)
  }

  /// No record of an epoch is given before it is noted that no other file of this name may have it.
  /// - Returns: false where the source is to end before that could be done.
  private func secureEpochs(_ items: [Item]) -> Bool {
    for case .mark(.epoch(let epoch)) in items {
      while true {
        do throws(Errno) {
          try daemon.finished.reach(epoch.index, label: status.label)
          break
        } catch { status.fail("the list of finished files: \(error)") }
        guard !interruption.isRaised else { return false }
        runner.rest(.milliseconds(500), pulse)
      }
    }
    return true
  }
}
