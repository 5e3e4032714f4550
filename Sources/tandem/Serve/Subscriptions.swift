import Emit
import Media
import Serve
import Store
import Synchronization

/// Records yet to come, of some sources or all.
final class LiveSubscription: RecordSubscription {
  let layout: RecordLayout
  let opening: [UInt8]
  let start: String
  private let parts: DaemonParts
  private let feed: LiveFeed
  private let filter: SourceFilter
  private let silence = Silence()

  init(_ parts: DaemonParts, opening: [UInt8], _ wanted: Set<String>) {
    self.parts = parts
    self.opening = opening
    layout = parts.plan.layout
    start = "\(parts.desk.durable)"
    filter = SourceFilter(wanted, layout, opening: opening)
    feed = LiveFeed(layout, opening: opening, start: start)
    parts.desk.subscribe(feed)
  }

  var lostCount: Int64 { feed.lostCount }

  func prepare() async {}

  func next() async throws(FaceError) -> RecordChunk? {
    while let chunk = await feed.next() {
      switch (chunk, try filter.keep(chunk)) {
      case (.quiet, _): break
      case (_, let kept?):
        silence.end(kept)
        return kept
      case (.batch(let batch), nil): silence.pass(batch.position)
      case (.lost, nil): break
      }
      if let quiet = silence.tell() { return quiet }
    }
    parts.desk.unsubscribe(feed)
    return nil
  }

  func nudge() {
    silence.nudge()
    feed.nudge()
  }

  func close() {
    parts.desk.unsubscribe(feed)
    feed.close()
  }
}

/// Records that are stored, from a position on, as fast as the client takes them; then those yet to come, without a
/// gap between.
final class ReplaySubscription: RecordSubscription {
  /// Batches read in one turn: others want the disk too.
  private static let turn = 16

  let layout: RecordLayout
  let opening: [UInt8]
  let start: String
  private let filter: SourceFilter
  private let reader: Mutex<StoreReader>
  /// What `prepare` found.
  private let first = Mutex<Look?>(nil)
  private let silence = Silence()
  private let isClosed = Mutex(false)

  /// What one turn of reading came to.
  private enum Look {
    case kept(RecordChunk)
    /// Only records of other sources, so far.
    case others
    /// The present end.
    case end
  }

  init(_ parts: DaemonParts, opening: [UInt8], _ wanted: Set<String>, from position: Position) {
    self.opening = opening
    layout = parts.plan.layout
    start = "\(position)"
    filter = SourceFilter(wanted, layout, opening: opening)
    reader = Mutex(parts.desk.reader(from: position))
  }

  let lostCount: Int64 = 0

  func prepare() async throws(FaceError) {
    let look = try await look()
    first.withLock { $0 = look }
  }

  func next() async throws(FaceError) -> RecordChunk? {
    while !isClosed.withLock({ $0 }), !Task.isCancelled {
      let found: Look
      if let prepared = first.withLock({ $0.take() }) { found = prepared } else { found = try await look() }
      switch found {
      case .kept(let chunk):
        silence.end(chunk)
        return chunk
      case .others: break
      // What is not yet durable comes within the group commit's time.
      case .end: try? await Task.sleep(for: .milliseconds(20))
      }
      if let quiet = silence.tell() { return quiet }
    }
    return nil
  }

  func nudge() { silence.nudge() }

  func close() { isClosed.withLock { $0 = true } }

  /// Reads in a place where reading may take its time.
  private func look() async throws(FaceError) -> Look {
    let found = await Workroom.read { [self] in
      reader.withLock { reader in Result { () throws(FaceError) in try look(&reader) } }
    }
    return try found.get()
  }

  private func look(_ reader: inout StoreReader) throws(FaceError) -> Look {
    for _ in 0..<Self.turn {
      guard let chunk = try stored(&reader) else { return .end }
      if let kept = try filter.keep(chunk) { return .kept(kept) }
      silence.pass("\(reader.position)")
    }
    return .others
  }

  private func stored(_ reader: inout StoreReader) throws(FaceError) -> RecordChunk? {
    let batch: StoredBatch?
    do throws(StoreError) { batch = try reader.next() } catch {
      switch error {
      case .expired(let oldest): throw .gone("no longer kept: the oldest records are at \(oldest)")
      case .unknown(let position, let oldest):
        throw .gone("\(position) is no position of this store: its oldest records are at \(oldest)")
      case .damaged(let position, let records):
        // What lies behind it is still to be had.
        Messages.warning("records: those at \(position) are damaged; a reader goes on behind them")
        return .lost([RecordLoss("", Int64(records))])
      default: throw .unavailable("\(error)")
      }
    }
    guard let batch else { return nil }
    guard batch.layout.opening == opening else {
      throw .gone("the records at \(batch.position) are another configuration's: they lie in the store's segments")
    }
    return .batch(RecordBatch(position: "\(batch.next)", arrow: batch.bytes, records: nil))
  }
}

/// While a client hears nothing, since only others' records come: how far they have come. It is told at the next nudge,
/// so that a client that comes back does not ask for what has long been deleted.
private final class Silence: Sendable {
  private struct State {
    var isNudged = false
    /// Not told yet.
    var position: String?
  }

  private let state = Mutex(State())

  /// The client has heard nothing for a while.
  func nudge() { state.withLock { $0.isNudged = true } }

  /// Records of others stood before this position.
  func pass(_ position: String) { state.withLock { $0.position = position } }

  /// The client gets something: a batch has a position of its own.
  func end(_ chunk: RecordChunk) {
    if case .batch = chunk { state.withLock { $0 = State() } }
  }

  /// Nil before the next nudge.
  func tell() -> RecordChunk? {
    state.withLock { state in
      guard state.isNudged else { return nil }
      defer { state = State() }
      return .quiet(state.position)
    }
  }
}

/// Leaves out the records of other sources, and tells where it cannot. A directory's name stands for all its files; a
/// loss without a name concerns whoever asks.
struct SourceFilter: Sendable {
  private let wanted: Set<String>
  private let layout: RecordLayout
  private let stored: Result<ArrowRecords, EmitError>

  init(_ wanted: Set<String>, _ layout: RecordLayout, opening: [UInt8]) {
    self.wanted = wanted
    self.layout = layout
    stored = Result { () throws(EmitError) in try ArrowRecords(opening: opening) }
  }

  /// Nil where nothing is left.
  /// - Throws: `FaceError.gone` where a batch cannot be read.
  func keep(_ chunk: RecordChunk) throws(FaceError) -> RecordChunk? {
    guard !wanted.isEmpty else { return chunk }
    switch chunk {
    case .lost(let losses):
      let kept = losses.filter { $0.source.isEmpty || includes($0.source) }
      return kept.isEmpty ? nil : .lost(kept)
    case .quiet: return chunk
    case .batch(let batch):
      let records = try records(of: batch)
      let kept = records.filter { includes($0.source) }
      if kept.count == records.count { return chunk }
      guard !kept.isEmpty else { return nil }
      var writer = ArrowWriter(layout)
      var bytes: [UInt8] = []
      writer.append(kept, to: &bytes)
      return .batch(RecordBatch(position: batch.position, arrow: bytes, records: kept))
    }
  }

  private func records(of batch: RecordBatch) throws(FaceError) -> [Embedding] {
    if let records = batch.records { return records }
    do throws(EmitError) { return try stored.get().records(batch.arrow) } catch {
      throw .gone("the records before \(batch.position) are damaged: \(error)")
    }
  }

  private func includes(_ source: String) -> Bool {
    wanted.contains(source) || wanted.contains { source.hasPrefix("\($0)/") }
  }
}
