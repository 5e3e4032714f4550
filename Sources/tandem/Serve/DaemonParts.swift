import Config
import Flow
import Media
import Seam
import Supervise
import Synchronization

/// What all sources of the daemon share.
final class DaemonParts: Sendable {
  let plan: WayPlan
  private let workerMemory: Int?
  private let sourceBuffer: Int
  let hall: EncodeHall
  let desk: RecordDesk
  let finished: FinishedFiles
  let pulses: Pulses
  let credentials: Credentials
  let clock: Clock
  private let config: Mutex<DaemonConfig>
  private let lanes = Mutex(0)

  init(
    _ config: DaemonConfig, _ plan: WayPlan, _ hall: EncodeHall, _ desk: RecordDesk, _ finished: FinishedFiles,
    _ pulses: Pulses, _ credentials: Credentials, _ clock: Clock
  ) {
    self.plan = plan
    self.hall = hall
    self.desk = desk
    self.finished = finished
    self.pulses = pulses
    self.credentials = credentials
    self.clock = clock
    self.config = Mutex(config)
    workerMemory = config.limits.workerMemory
    sourceBuffer = config.limits.sourceBuffer
  }

  /// The decoders of one source: no process that has read one source ever hears of another.
  func makeProgram() -> DecodeProgram {
    DecodeProgram(
      path: environment("TANDEM_DECODE"), version: Version.text,
      limits: WorkerLimits(memory: workerMemory, fruitless: Self.longestStep))
  }

  /// The keys that apply at once, as they stand now.
  var settings: DaemonConfig {
    get { config.withLock { $0 } }
    set { config.withLock { $0 = newValue } }
  }

  /// In `0..<1`: those who failed together must not come back together.
  func chance() -> Double { .random(in: 0..<1) }

  var backoff: Backoff {
    let live = settings.live
    return Backoff(
      first: Duration(live.firstRetry), longest: Duration(live.longestRetry), healthy: Duration(live.healthy))
  }

  /// How long a port stays open without a break while no publisher comes.
  private static let longestListening = TimeSpan(seconds: 3600)

  /// How long a live worker may say nothing: it watches the source itself, and has to tell what it saw.
  var liveSilence: Duration {
    let live = settings.live
    let opening = live.open + LiveOptions(packetWait: live.stall).findingWait
    return Duration(max(live.stall, opening)) + .seconds(5)
  }

  /// Processor time that a packet of a live source may take, at first.
  let liveStep = Duration.milliseconds(500)
  /// And for a source whose packets have been found to take longer.
  static let longestStep = Duration.seconds(20)

  /// How long the reading of a file may give nothing.
  let fileSilence = Duration.seconds(120)

  func liveOptions(_ source: SourceConfig) -> LiveOptions {
    let live = settings.live
    return LiveOptions(
      transport: source.transport == .udp ? .udp : .tcp, listens: source.listen,
      openingWait: source.listen ? Self.longestListening : live.open,
      silenceWait: live.stall, packetWait: live.stall, stallWait: live.stall, jitterWait: live.jitter)
  }

  func selection(_ source: SourceConfig) -> TrackSelection {
    source.tracks.flatMap { TrackSelection($0) } ?? plan.selection
  }

  /// A new way to the encoders for a source.
  func openLane(_ status: SourceStatus, _ source: SourceConfig, isLive: Bool) -> Funnel<HandOver>.Lane {
    let number = lanes.withLock { last in
      last += 1
      return last
    }
    return hall.open(
      number, status, limit: source.buffer ?? sourceBuffer, isShedding: source.onFull(isLive: isLive) == .dropOldest)
  }
}

extension Duration {
  init(_ span: TimeSpan) { self = .nanoseconds(span.nanoseconds) }
}
