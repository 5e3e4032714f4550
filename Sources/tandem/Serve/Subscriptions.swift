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

  func next() async throws(FaceError) -> RecordChunk? {
    while let chunk = await feed.next() {
      if let kept = filter.keep(chunk) { return kept }
    }
    parts.desk.unsubscribe(feed)
    return nil
  }

  func close() {
    parts.desk.unsubscribe(feed)
    feed.close()
  }
}

/// Records that are stored, from a position on, as fast as the client takes them; then those yet to come, without a
/// gap between.
final class ReplaySubscription: RecordSubscription {
  let layout: RecordLayout
  let opening: [UInt8]
  let start: String
  private let parts: DaemonParts
  private let filter: SourceFilter
  private let reader: Mutex<StoreReader>
  private let isClosed = Mutex(false)

  init(_ parts: DaemonParts, opening: [UInt8], _ wanted: Set<String>, from position: Position) {
    self.parts = parts
    self.opening = opening
    layout = parts.plan.layout
    start = "\(position)"
    filter = SourceFilter(wanted, layout, opening: opening)
    reader = Mutex(parts.desk.reader(from: position))
  }

  let lostCount: Int64 = 0

  func next() async throws(FaceError) -> RecordChunk? {
    while !isClosed.withLock({ $0 }), !Task.isCancelled {
      if let chunk = try stored() {
        if let kept = filter.keep(chunk) { return kept }
        continue
      }
      // What is not yet durable comes within the group commit's time.
      try? await Task.sleep(for: .milliseconds(20))
    }
    return nil
  }

  func close() { isClosed.withLock { $0 = true } }

  private func stored() throws(FaceError) -> RecordChunk? {
    let found: Result<StoredBatch?, StoreError> = reader.withLock { reader in
      do throws(StoreError) { return .success(try reader.next()) } catch { return .failure(error) }
    }
    switch found {
    case .success(nil): return nil
    case .success(let batch?):
      guard batch.layout.opening == opening else {
        throw .gone("the records at \(batch.position) have other columns: they lie in the store's segments")
      }
      return .batch(RecordBatch(position: "\(batch.next)", arrow: batch.bytes, records: nil))
    case .failure(.expired(let oldest)): throw .gone("no longer kept: the oldest records are at \(oldest)")
    case .failure(.damaged(let position, let records)):
      // What lies behind it is still to be had.
      Messages.warning("records: those at \(position) are damaged; a reader goes on behind them")
      return .lost([RecordLoss("", Int64(records))])
    case .failure(let error): throw .unavailable("\(error)")
    }
  }
}

/// Leaves out the records of other sources. A directory's name stands for all its files; a loss without a name concerns
/// whoever asks.
struct SourceFilter: Sendable {
  private let wanted: Set<String>
  private let layout: RecordLayout
  private let stored: ArrowRecords?

  init(_ wanted: Set<String>, _ layout: RecordLayout, opening: [UInt8]) {
    self.wanted = wanted
    self.layout = layout
    stored = wanted.isEmpty ? nil : try? ArrowRecords(opening: opening)
  }

  /// Nil where nothing is left.
  func keep(_ chunk: RecordChunk) -> RecordChunk? {
    guard !wanted.isEmpty else { return chunk }
    switch chunk {
    case .lost(let losses):
      let kept = losses.filter { $0.source.isEmpty || includes($0.source) }
      return kept.isEmpty ? nil : .lost(kept)
    case .batch(let batch):
      guard let records = batch.records ?? (try? stored?.records(batch.arrow)) else { return chunk }
      let kept = records.filter { includes($0.source) }
      if kept.count == records.count { return chunk }
      guard !kept.isEmpty else { return nil }
      var writer = ArrowWriter(layout)
      var bytes: [UInt8] = []
      writer.append(kept, to: &bytes)
      return .batch(RecordBatch(position: batch.position, arrow: bytes, records: kept))
    }
  }

  private func includes(_ source: String) -> Bool {
    wanted.contains(source) || wanted.contains { source.hasPrefix("\($0)/") }
  }
}
