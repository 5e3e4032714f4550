package import Media
import System

/// A source that a worker reads: gives plain bounded Items, from `.opened` to `.ended`, whatever becomes of the
/// worker. One that dies or computes without end costs its source what would still have come, and nothing else.
package final class WorkerSource {
  package let info: SourceInfo
  private let worker: DecodeWorker
  private let program: DecodeProgram
  private let limits: WorkerLimits
  private let silence: Duration?
  private let interruption: Interruption
  private let number: Int64
  /// Came before anybody asked.
  private var first: [Item]
  private var frames: [FrameTrace] = []
  private var span = OpenSpan()
  private var isOver = false
  /// Its worker has died or was ended: what would still have come is lost.
  package private(set) var isBroken = false

  /// Waits until the source is open.
  /// - Throws: `SourceError`.
  init(
    _ order: SourceOrder, _ worker: DecodeWorker, _ program: DecodeProgram, _ limits: WorkerLimits,
    _ interruption: Interruption, silence: Duration?
  ) throws(SourceError) {
    let number = worker.order(order)
    var patience = WorkerPatience(worker, limits, silence)
    waiting: while true {
      guard !interruption.isRaised else {
        worker.kill()
        throw .interrupted
      }
      switch worker.look(milliseconds: Self.glance) {
      case .items(let items):
        guard case .mark(.opened(let info))? = items.first else { break waiting }
        (self.info, first) = (info, items)
        (self.worker, self.program, self.limits, self.silence) = (worker, program, limits, silence)
        self.interruption = interruption
        self.number = number
        return
      case .failed(let error):
        program.keep(worker)
        throw error
      case .gone(let reason): throw .undecodable("its decoder \(reason)")
      case .nothing:
        if patience.isOver { throw .undecodable("its decoder \(patience.words)") }
      case .frames, .over, .drawn: break waiting
      }
    }
    worker.kill()
    throw .undecodable("its decoder did not open it")
  }

  /// Nobody wants the rest: the worker is kept where it gives up in time.
  deinit {
    guard !isOver else { return }
    worker.cancel(number)
    for _ in 0..<10 {
      switch worker.look(milliseconds: Self.glance) {
      case .over, .failed: return program.keep(worker)
      case .gone: return
      case .items, .frames, .nothing, .drawn: continue
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
      return note(first)
    }
    var patience = WorkerPatience(worker, limits, silence)
    while !interruption.isRaised {
      switch worker.look(milliseconds: Self.glance) {
      case .items(let items): return note(items)
      case .frames(let more): frames += more
      case .over:
        isOver = true
        program.keep(worker)
        return nil
      case .failed(let error):
        isOver = true
        program.keep(worker)
        throw error
      case .gone(let reason): return breakOff(reason)
      case .drawn:
        worker.kill()
        return breakOff("answered something else")
      case .nothing: if patience.isOver { return breakOff(patience.words) }
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

  private func note(_ items: [Item]) -> [Item] {
    for case .mark(let mark) in items { span.note(mark) }
    return items
  }

  /// What ends a source whose worker has gone: the open epoch closes where its content ended.
  private func breakOff(_ reason: String) -> [Item]? {
    isOver = true
    isBroken = true
    guard !span.hasEnded else { return nil }
    var counters = Counters()
    counters.add("decoder_deaths")
    let words = "its decoder \(reason)"
    let ending: SourceOutcome.Ending = span.hasOpened ? .truncated(words) : .failed(words, exitCode: 65)
    return span.closing + [.mark(.ended(SourceOutcome(name: info.name, ending: ending, counters: counters)))]
  }
}

/// How far the open epoch has come.
private struct OpenSpan {
  private var epoch: Int32?
  private var end = Instant.zero
  private(set) var hasOpened = false
  private(set) var hasEnded = false

  mutating func note(_ mark: Mark) {
    switch mark {
    case .epoch(let opened): (epoch, end, hasOpened) = (opened.index, .zero, true)
    case .covered(let coverage): end = max(end, coverage.interval.end)
    case .closed: epoch = nil
    case .ended: hasEnded = true
    case .opened, .shown, .cue, .reached, .dropped, .wall: break
    }
  }

  var closing: [Item] { epoch.map { [.mark(.closed(epoch: $0, end: end))] } ?? [] }
}

/// How long a worker may compute without a result, or be silent.
private struct WorkerPatience {
  private let worker: DecodeWorker
  private let limits: WorkerLimits
  private let silence: Duration?
  private let processorStart: Duration?
  private let start: Duration
  private(set) var words = ""

  init(_ worker: DecodeWorker, _ limits: WorkerLimits, _ silence: Duration?) {
    self.worker = worker
    self.limits = limits
    self.silence = silence
    processorStart = worker.processorTime
    start = limits.now()
  }

  /// Ends the worker where it is.
  var isOver: Bool {
    mutating get {
      if let processorStart, let now = worker.processorTime, now - processorStart > limits.fruitless {
        words = "computed for \(limits.fruitless.components.seconds) s without a result"
      } else if let silence, limits.now() - start > silence {
        words = "gave nothing for \(silence.components.seconds) s"
      } else {
        return false
      }
      worker.kill()
      return true
    }
  }
}
