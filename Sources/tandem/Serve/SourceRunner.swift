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
  let config: SourceConfig
  let status: SourceStatus
  let program: DecodeProgram
  private let daemon: DaemonParts
  private let interruption = Interruption()
  private let wake = Semaphore()
  private let errand = Errand()
  /// It has not begun, or the system gave it no thread.
  private let isThreadless: Mutex<Bool>
  private let onEnd: @Sendable () -> Void
  /// Its way to the encoders.
  private let lane = Mutex<Funnel<HandOver>.Lane?>(nil)
  /// What the log knows of it.
  private let outage = Mutex(Outage())

  /// - Parameter onEnd: called when it has ended, on the thread that it had.
  init(_ config: SourceConfig, _ daemon: DaemonParts, onEnd: @escaping @Sendable () -> Void) {
    self.config = config
    self.daemon = daemon
    self.onEnd = onEnd
    isThreadless = Mutex(config.enabled)
    program = daemon.makeProgram()
    status = SourceStatus(label: config.name)
    if !config.enabled { status.enter(.disabled) }
  }

  /// It begins on a thread of its own.
  func start() {
    let pulse = daemon.pulses.begin("source \(config.name)", within: .seconds(60))
    do throws(Errno) {
      isThreadless.withLock { $0 = false }
      try errand.start(then: onEnd) { [self] in
        run(pulse)
        program.release()
        pulse.end()
        status.enter(.stopped)
      }
    } catch {
      isThreadless.withLock { $0 = true }
      status.fail("no thread for it: \(error)")
      noteBreak("no thread for it: \(error)")
      pulse.end()
    }
  }

  /// It is still to begin.
  var awaitsThread: Bool { isThreadless.withLock { $0 } }

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
        guard [.missing, .broken].contains(read(path, status, pulse)) else {
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
          count(read(file, part, pulse), of: part)
          pulse.rest()
          do throws(Errno) { try daemon.finished.tidy(path) } catch {
            Messages.warning("the list of finished files: \(error)")
          }
          status.enter(.idle)
        }
      }
    } catch { status.fail("\(PathText.written(path)): \(error)") }
  }

  private func read(_ path: String, _ status: SourceStatus, _ pulse: Pulses.Pulse) -> FileReading.Outcome {
    FileReading(path, status, self, daemon, pulse, interruption).run()
  }

  private func count(_ outcome: FileReading.Outcome, of part: SourceStatus) {
    switch outcome {
    case .died, .unworkable, .broken: status.change { $0.counters.add("files_quarantined") }
    case .missing:
      status.change { $0.counters.add("files_missing") }
      Messages.warning("\(part.label): \(part.snapshot.lastError ?? "is gone")")
    case .finished, .known, .replaced, .unavailable, .stopped: break
    }
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
