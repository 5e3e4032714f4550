package import Media
import System

/// A source that a worker reads: gives plain bounded Items, from `.opened` to `.ended`, whatever becomes of the
/// worker. One that dies or computes without end costs its source what would still have come, and nothing else.
package final class WorkerSource {
  package let info: SourceInfo
  private let worker: DecodeWorker
  private let program: DecodeProgram
  private let patience: WorkerPatience
  private let interruption: Interruption
  private let number: Int64
  private let wantsFrames: Bool
  /// Came before anybody asked.
  private var first: [Item]
  private var frames: [FrameTrace] = []
  private var testimony: Testimony
  private var isOver = false
  /// Why its worker has died or was ended: what would still have come is lost.
  package private(set) var breakage: Breakage?
  /// What it has counted so far, now and then; all of it comes with `.ended`.
  package private(set) var accounts = Counters()

  package enum Breakage: Sendable {
    case died
    /// Ended, because it computed for too long.
    case stuck
    /// Ended, because it gave nothing for too long and did not even compute.
    case silent
  }

  /// Waits until the source is open.
  /// - Throws: `SourceError`.
  init(
    _ order: SourceOrder, _ worker: DecodeWorker, _ program: DecodeProgram, _ limits: WorkerLimits,
    _ interruption: Interruption, pace: MediaPace, silence: Duration?, step: Duration?
  ) throws(SourceError) {
    let number = worker.order(order)
    var opening = WorkerPatience.Wait(WorkerPatience(worker, limits.fruitless, silence, limits.now))
    waiting: while true {
      guard !interruption.isRaised else {
        worker.kill()
        throw .interrupted
      }
      switch worker.look(milliseconds: Self.glance) {
      case .items(let items):
        var testimony = Testimony(order, pace, now: limits.now)
        guard case .mark(.opened(let info))? = items.first, (try? testimony.accept(items)) != nil else { break waiting }
        self.testimony = testimony
        (self.info, first) = (info, items)
        (self.worker, self.program) = (worker, program)
        patience = WorkerPatience(worker, step ?? limits.fruitless, silence, limits.now)
        self.interruption = interruption
        self.number = number
        wantsFrames = order.tracesFrames
        return
      case .failed(let error):
        program.keep(worker)
        throw error.asTold(interruption)
      case .gone(let reason): throw .decoderEnded("its decoder \(reason)")
      case .nothing:
        if let end = opening.end { throw .decoderEnded("its decoder \(end.words)") }
      case .frames, .over, .drawn, .accounts: break waiting
      }
    }
    worker.kill()
    throw .decoderEnded("its decoder did not open it")
  }

  /// Nobody wants the rest: the worker is kept where it gives up in time.
  deinit {
    guard !isOver else { return }
    worker.cancel(number)
    for _ in 0..<10 {
      switch worker.look(milliseconds: Self.glance) {
      case .over, .failed: return program.keep(worker)
      case .gone: return
      case .items, .frames, .nothing, .drawn, .accounts: continue
      }
    }
    worker.kill()
  }

  /// The next items, in order; nil after `.ended`.
  /// - Throws: `SourceError.interrupted`.
  package func next() throws(SourceError) -> [Item]? {
    if isOver { return nil }
    if !first.isEmpty {
      defer { first = [] }
      return first
    }
    var wait = WorkerPatience.Wait(patience)
    while !interruption.isRaised {
      switch worker.look(milliseconds: Self.glance) {
      case .items(let items):
        guard items.isEmpty else { return hear(items) }
        wait.sawWork()
        if let end = wait.end { return breakOff(end) }
      case .accounts(let counters):
        guard Testimony.isBounded(counters) else {
          worker.kill()
          return breakOff("counted without end")
        }
        accounts = counters
        if let end = wait.end { return breakOff(end) }
      case .frames(let more):
        guard wantsFrames, frames.count + more.count <= Self.mostFrames else {
          worker.kill()
          return breakOff("told of frames without end")
        }
        frames += more
      case .over:
        isOver = true
        program.keep(worker)
        return nil
      case .failed(let error):
        isOver = true
        program.keep(worker)
        guard testimony.hasBegun, !testimony.hasEnded else { throw error.asTold(interruption) }
        return testimony.closing + [.mark(.ended(SourceOutcome(name: info.name, ending: .truncated("\(error)"))))]
      case .gone(let reason): return breakOff(reason)
      case .drawn:
        worker.kill()
        return breakOff("answered something else")
      case .nothing:
        if let end = wait.end { return breakOff(end) }
      }
    }
    throw .interrupted
  }

  /// The frames that were decoded since the last call; none unless the order wants them traced.
  package func takeFrames() -> [FrameTrace] {
    defer { frames = [] }
    return frames
  }

  /// How long it waits before it looks whether anybody still wants something.
  private static let glance: Int32 = 100
  /// Frames that nobody has taken.
  private static let mostFrames = 1 << 16

  /// What it says, unless it cannot be.
  private func hear(_ items: [Item]) -> [Item]? {
    do throws(WireError) { try testimony.accept(items) } catch {
      worker.kill()
      return breakOff("said something \(error)")
    }
    return items
  }

  private func breakOff(_ end: WorkerPatience.End) -> [Item]? { breakOff(end.words, end.breakage) }

  /// What ends a source whose worker has gone: the open epoch closes where its content ended.
  private func breakOff(_ reason: String, _ breakage: Breakage = .died) -> [Item]? {
    isOver = true
    self.breakage = breakage
    guard !testimony.hasEnded else { return nil }
    var counters = accounts
    counters.add("decoder_deaths")
    let words = "its decoder \(reason)"
    let ending: SourceOutcome.Ending = testimony.hasBegun ? .truncated(words) : .failed(words, exitCode: 65)
    return testimony.closing + [.mark(.ended(SourceOutcome(name: info.name, ending: ending, counters: counters)))]
  }
}

/// How long a worker may compute without a result, be silent, and stand still.
private struct WorkerPatience {
  private let worker: DecodeWorker
  private let fruitless: Duration
  private let silence: Duration?
  private let now: @Sendable () -> Duration

  init(_ worker: DecodeWorker, _ fruitless: Duration, _ silence: Duration?, _ now: @escaping @Sendable () -> Duration) {
    (self.worker, self.fruitless, self.silence, self.now) = (worker, fruitless, silence, now)
  }

  struct End {
    /// They follow "its decoder".
    let words: String
    let breakage: WorkerSource.Breakage
  }

  /// One wait for a result, looked at whenever a glance has shown nothing.
  struct Wait {
    /// Glances in a row that find it stopped: more than a terminal takes to let both of us go on.
    private static let stops = 4

    private let patience: WorkerPatience
    private let start: Duration
    private var processorStart: Duration?
    private var stops = 0

    init(_ patience: WorkerPatience) {
      self.patience = patience
      start = patience.now()
      processorStart = patience.worker.processorTime
    }

    /// It says that it works, and has no result yet.
    mutating func sawWork() { processorStart = patience.worker.processorTime }

    /// Ends the worker where patience does.
    var end: End? {
      mutating get {
        guard let end = findEnd() else { return nil }
        patience.worker.kill()
        return end
      }
    }

    private mutating func findEnd() -> End? {
      if let processorStart, let now = patience.worker.processorTime, now - processorStart > patience.fruitless {
        return End(words: "computed for \(patience.fruitless.milliseconds) ms without a result", breakage: .stuck)
      }
      if let silence = patience.silence, patience.now() - start > silence {
        return End(words: "gave nothing for \(silence.milliseconds) ms", breakage: .silent)
      }
      stops = patience.worker.isStopped ? stops + 1 : 0
      return stops < Self.stops ? nil : End(words: "was stopped", breakage: .died)
    }
  }
}

extension SourceError {
  /// Only who was interrupted may say so.
  fileprivate func asTold(_ interruption: Interruption) -> SourceError {
    self == .interrupted && !interruption.isRaised ? .undecodable("its decoder gave it up by itself") : self
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
