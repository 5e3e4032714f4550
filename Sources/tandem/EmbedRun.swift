import Align
import Dispatch
import Emit
import Encode
import Flow
import Fuse
import Linear
import Media
import Plot
import Seam
import Synchronization
import System

/// The way of the data, from top to bottom: sources in, records out.
final class EmbedRun: Sendable {
  private let plan: WayPlan
  private let choice: WindowChoice
  private let subtitles: String?
  private let recordsFailures: Bool
  private let signals: Signals
  private let isQuiet: Bool
  private let tally = Mutex(Tally())

  init(
    plan: WayPlan, choice: WindowChoice, subtitles: String?, recordsFailures: Bool, signals: Signals, isQuiet: Bool
  ) {
    self.plan = plan
    self.subtitles = subtitles
    self.choice = choice
    self.recordsFailures = recordsFailures
    self.signals = signals
    self.isQuiet = isQuiet
  }

  /// - Throws: `Failure` with the code that the command ends with, unless that is 0.
  func embed(_ inputs: [Inputs.Input], into output: RecordOutput) throws {
    let sink = try RecordSink(output, isCancelled: { [signals] in signals.interruption.isRaised })
    let pipeline = Pipeline()
    let (plan, choice) = (plan, choice)
    let items = Channel<[Item]>(capacity: 16, weightLimit: plan.batch.bytes) {
      $0.reduce(0) { $0 + $1.byteCount }
    }

    pipeline.source("decode and timeline", into: items) { [self] emit in
      for input in inputs { guard try read(input, output.resumePoint, emit) else { return } }
    }
    let encoded = pipeline.stage("encode", after: items, gathering: Gathering(max: plan.batch.hands)) {
      plan.makeEncodeStage()
    }
    let windows = pipeline.stage("align", after: encoded, observing: { [self] in count($0) }) {
      Aligner(
        plan.grid, slots: plan.selection.slots, choice: choice, keepsSteps: plan.layout.hasSteps,
        embed: { plan.model.embed($0, pooled: $1) })
    }
    let embeddings = pipeline.stage("fuse", after: windows) { [recordsFailures] in
      try Fuser(plan.fuse, plan.layout.columns, failureRows: recordsFailures ? .record : .none)
    }
    let batches = pipeline.batch("batch", after: embeddings) { [self] in tally.withLock(\.batching) }
    pipeline.sink("emit", after: batches) { [self] next in try write(next, sink, output.resumePoint) }

    do {
      try pipeline.wait()
    } catch let error as EmitError {
      throw Failure(error)
    } catch let error as LinearError {
      throw Failure(message: "\(error)", exitCode: 78)
    }
    try end(inputs: inputs.count)
  }

  // MARK: Reading

  /// Reads one input to its end.
  /// - Returns: false when nobody wants more.
  private func read(_ input: Inputs.Input, _ resume: ResumePoint?, _ emit: ([Item]) -> Bool) throws -> Bool {
    if resume?.isComplete(input.label) ?? false { return true }
    tally.withLock { $0.begin() }
    do throws(SourceError) {
      let order = SourceOrder(
        input.path, label: input.label, plan.selection, plan.request(from: choice.start), threads: plan.threads,
        subtitles: subtitles)
      let source = try Decoding.program.open(order, interruption: signals.interruption)
      tally.withLock { $0.open(source.info) }
      var position = Position(plan.grid)
      while let items = try source.next() {
        guard emit(items) else { return false }
        for case .mark(let mark) in items { position.note(mark) }
        for case .mark(.ended(let outcome)) in items {
          note(outcome)
          return true
        }
        // Steps come later than the sound that they are made of.
        if choice.isPast(position.source - plan.lookback) || tally.withLock({ $0.isSatisfied(choice) }) {
          return emit([.mark(.ended(SourceOutcome(name: input.label, ending: .complete)))])
        }
      }
      return true
    } catch {
      guard case .interrupted = error else { return fail(input, error, emit) }
      return false
    }
  }

  private func fail(_ input: Inputs.Input, _ error: SourceError, _ emit: ([Item]) -> Bool) -> Bool {
    let outcome = SourceOutcome(name: input.label, ending: .failed("\(error)", exitCode: error.exitCode))
    note(outcome)
    return emit([.mark(.ended(outcome))])
  }

  private func note(_ outcome: SourceOutcome) {
    switch outcome.ending {
    case .complete: break
    case .truncated(let reason): Messages.warning("\(outcome.name): \(reason); what came before it stands")
    case .failed(let reason, let exitCode):
      Messages.error("\(outcome.name): \(reason)")
      tally.withLock { $0.failures.append(exitCode) }
    }
    let losses = outcome.counters.values.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    if !losses.isEmpty, !isQuiet {
      Messages.line("tandem: \(outcome.name): " + losses.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }
  }

  private func count(_ aligned: [Aligned]) {
    if !aligned.isEmpty { tally.withLock { $0.count(aligned) } }
  }

  // MARK: Writing

  private func write(_ next: () -> [Embedding]?, _ sink: RecordSink, _ resume: ResumePoint?) throws {
    var progress = Progress(isQuiet: isQuiet)
    defer { progress.clear() }
    var records: Int64 = 0
    while let batch = next() {
      let fresh = batch.filter { !(resume?.holds($0) ?? false) }
      try sink.write(fresh)
      records += Int64(fresh.count)
      guard let last = batch.last else { continue }
      let (name, total) = tally.withLock { ($0.name, $0.duration) }
      progress.show(
        name, records: records, position: last.place?.interval.start.sinceZero ?? .zero, total: total)
    }
    try sink.finish()
    let losses = sink.losses
    if !losses.isEmpty { Messages.warning(losses.map { "\($0.name) \($0.count)" }.joined(separator: ", ")) }
  }

  private func end(inputs: Int) throws {
    if let code = signals.exitCode { throw Failure(message: nil, exitCode: code) }
    let failures = tally.withLock { $0.failures }
    guard !failures.isEmpty, !recordsFailures else { return }
    guard inputs > 1 else { throw Failure(message: nil, exitCode: failures[0]) }
    throw Failure(message: "\(failures.count) of \(inputs) inputs could not be embedded", exitCode: 65)
  }
}

/// What the stages at both ends know of the run.
private struct Tally {
  var name = ""
  var duration: TimeSpan?
  var batching = Batching.doubling(max: 64)
  /// Exit codes of the inputs that failed.
  var failures: [Int32] = []

  /// Readings that were begun, and those whose windows have all been given. An input may be named twice.
  var begun = 0
  var given = 0
  /// Windows that the present reading has given.
  var windows = 0

  mutating func begin() { (begun, windows) = (begun + 1, 0) }

  mutating func open(_ info: SourceInfo) {
    (name, duration) = (info.name, info.declaredDuration)
    batching = info.isStreaming ? .within(.milliseconds(100), max: 64) : .doubling(max: 64)
  }
}

extension Tally {
  /// What leaves the stages may still be of the reading before.
  mutating func count(_ aligned: [Aligned]) {
    for each in aligned {
      switch each {
      case .window where given + 1 == begun: windows += 1
      case .ended: given += 1
      default: break
      }
    }
  }

  /// Whether the present reading has given all that was wanted.
  func isSatisfied(_ choice: WindowChoice) -> Bool { choice.limit.map { windows >= $0 } ?? false }
}

/// How far a source has been read: the least that any track has reached.
private struct Position {
  private var epochStart = TimeSpan.zero
  private var reached: [Slot: Instant] = [:]
  private let grid: Grid

  init(_ grid: Grid) { self.grid = grid }

  /// Start of the earliest window that may still come.
  var source: TimeSpan {
    let least = reached.values.min().map { min($0, Instant(flicks: .max / 4)) } ?? .zero
    return epochStart + least.sinceZero - grid.length
  }

  mutating func note(_ mark: Mark) {
    switch mark {
    case .epoch(let epoch): (epochStart, reached) = (epoch.start, [:])
    case .reached(let slot, let instant) where slot.modality != .text: reached[slot] = instant
    default: break
    }
  }
}

extension ResumePoint {
  /// Whether an earlier run wrote this record.
  func holds(_ record: Embedding) -> Bool {
    guard let last = sources.first(where: { $0.source == record.source }) else { return false }
    guard let place = record.place, let epoch = last.epoch, let window = last.window else { return true }
    return (place.epoch, place.window) <= (epoch, window)
  }

  /// Sources are written one after the other: all but the last are whole.
  func isComplete(_ source: String) -> Bool {
    sources.dropLast().contains { $0.source == source }
  }
}
