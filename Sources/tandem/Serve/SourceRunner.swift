import Config
import Dispatch
import Flow
import Glibc
import Media
import Seam
import Supervise
import System

/// One source for as long as it is configured: opens it, hands over what it gives, and opens it again when it breaks
/// off, for ever. Whatever happens to its worker happens to no other source.
final class SourceRunner: Sendable {
  /// Tries at a file that no decoder survives.
  private static let tries = 3

  let config: SourceConfig
  let status: SourceStatus
  private let daemon: DaemonParts
  private let interruption = Interruption()
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(_ config: SourceConfig, _ daemon: DaemonParts) {
    self.config = config
    self.daemon = daemon
    status = SourceStatus(label: config.name)
  }

  func start() {
    daemon.pipeline.service("source \(config.name)") { [self] in
      run()
      ended.signal()
    }
  }

  /// It ends soon.
  func askToStop() {
    interruption.raise()
    wake.signal()
  }

  /// Ends it; returns when it has.
  func stop() {
    askToStop()
    ended.wait()
    ended.signal()
  }

  private func run() {
    let pulse = daemon.pulses.begin("source \(config.name)", within: .seconds(60))
    defer {
      pulse.end()
      status.enter(.stopped)
    }
    switch SourceNature(config, daemon.credentials) {
    case .stream(let isPipe):
      var reading = LiveReading(self, daemon, pulse, interruption, isPipe: isPipe)
      reading.run()
    case .file(let path): readOnce(path, status, pulse, waits: true)
    case .directory(let path): watch(path, pulse)
    }
    while !interruption.isRaised { _ = rest(.seconds(3600), pulse) }
  }

  /// Waits so long, or until the source is stopped; false then.
  func rest(_ pause: Duration, _ pulse: Pulses.Pulse) -> Bool {
    pulse.beat(within: pause + .seconds(60))
    _ = wake.wait(timeout: .now() + .nanoseconds(pause.nanoseconds))
    return !interruption.isRaised
  }

  // MARK: Recorded sources

  private func watch(_ path: String, _ pulse: Pulses.Pulse) {
    var backoff = daemon.backoff
    while !interruption.isRaised {
      do throws(Errno) {
        var watch = try DirectoryWatch.open(path)
        status.enter(.idle)
        while !interruption.isRaised {
          pulse.beat(within: .seconds(60))
          for file in try watch.next(milliseconds: 200) where !interruption.isRaised {
            let part = SourceStatus(label: "\(config.name)/\(lastComponent(PathText.written(file)))", of: status)
            status.enter(.running)
            readOnce(file, part, pulse, waits: false)
            status.change { state in
              state.files += 1
              if part.snapshot.phase == .quarantined { state.counters.add("files_quarantined") }
            }
            do throws(Errno) { try daemon.finished.tidy(path) } catch {
              Messages.warning("the list of finished files: \(error)")
            }
            status.enter(.idle)
          }
        }
      } catch {
        status.fail("\(PathText.written(path)): \(error)")
        status.enter(.waiting)
        _ = rest(backoff.delay(after: .zero, chance: daemon.chance()), pulse)
      }
    }
  }

  /// - Parameter waits: for a file that is not there; a directory's file that has gone again does not hold up the others.
  private func readOnce(_ path: String, _ status: SourceStatus, _ pulse: Pulses.Pulse, waits: Bool) {
    awaitSettled(status.label, pulse)
    guard !daemon.finished.contains(path, label: status.label) else {
      daemon.desk.forget(status.label)
      return status.enter(.finished)
    }
    var backoff = daemon.backoff
    var tries = 0
    while !interruption.isRaised {
      switch read(path, status, pulse, isLastTry: tries + 1 == Self.tries) {
      case .finished: return status.enter(.finished)
      case .died:
        tries += 1
        status.change { $0.restarts += 1 }
        if tries == Self.tries { return status.enter(.quarantined) }
      case .missing where !waits: return status.change { $0.counters.add("files_missing") }
      case .missing:
        status.enter(.waiting)
        _ = rest(backoff.delay(after: .zero, chance: daemon.chance()), pulse)
      case .stopped: return
      }
    }
  }

  /// A file that has changed begins when what it was before is stored: both have one name. Not for ever, though.
  private func awaitSettled(_ label: String, _ pulse: Pulses.Pulse) {
    let end = daemon.clock.now() + .seconds(60)
    while daemon.finished.isExpected(label), daemon.clock.now() < end, rest(.milliseconds(50), pulse) {}
  }

  private enum Outcome { case finished, died, missing, stopped }

  private func read(_ path: String, _ status: SourceStatus, _ pulse: Pulses.Pulse, isLastTry: Bool) -> Outcome {
    status.enter(.connecting)
    status.settle()
    daemon.finished.expect(path, label: status.label)
    let lane = daemon.openLane(status, config, isLive: false)
    let order = SourceOrder(
      path, label: status.label, daemon.selection(config), daemon.plan.request(), threads: daemon.plan.threads)
    do throws(SourceError) {
      let source = try daemon.program.open(order, interruption: interruption, silence: daemon.fileSilence)
      status.enter(.running)
      while let items = try source.next() {
        // The encoders may be busy with others for long, but not for ever.
        pulse.beat(within: .seconds(900))
        guard !source.isBroken || isLastTry else { return giveUp(lane, status, .died) }
        for case .mark(let mark) in items { note(mark, status) }
        guard lane.send(HandOver(items: items, arrived: daemon.clock.now())) else { return giveUp(lane, status, .died) }
      }
      lane.close()
      return source.isBroken ? .died : .finished
    } catch {
      status.fail("\(error)")
      switch error {
      case .interrupted: return giveUp(lane, status, .stopped)
      case .unreadable, .timedOut, .unavailable: return giveUp(lane, status, .missing)
      case .undecodable, .inputOutput:
        let outcome = SourceOutcome(name: status.label, ending: .failed("\(error)", exitCode: error.exitCode))
        _ = lane.send(HandOver(items: [.mark(.ended(outcome))], arrived: daemon.clock.now()))
        lane.close()
        return .finished
      }
    }
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
      status.change { state in
        state.counters.add(outcome.counters)
        switch outcome.ending {
        case .complete: break
        case .truncated(let reason), .failed(let reason, _): state.lastError = reason
        }
      }
    default: break
    }
  }
}
