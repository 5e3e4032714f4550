import Emit
import Media
import Store

/// What the desk has at hand: records that wait for their batch, and batches that wait to be durable.
struct DeskTurn {
  /// Records that are written together.
  struct Batch {
    var bytes: [UInt8]
    var records: [Embedding]
    var ids: [RecordID]
    /// When what completed each of them came.
    var arrivals: [Duration]
    /// Where it stands in the store; nil while it does not.
    var position: Position?
  }

  private var waiting: [(record: Embedding, arrived: Duration)] = []
  private var finished: [String] = []
  private var unsynced: [Batch] = []
  private var oldest: Duration?
  private var writer: ArrowWriter

  init(_ layout: RecordLayout) { writer = ArrowWriter(layout) }

  var count: Int { waiting.count }
  var isEmpty: Bool { waiting.isEmpty }
  /// Nothing waits to be durable.
  var isClean: Bool { unsynced.isEmpty && finished.isEmpty }
  var closing: [UInt8] { writer.closing }

  mutating func add(_ delivery: Delivery, _ arrived: Duration) {
    waiting += delivery.records.map { ($0, arrived) }
    if delivery.isLast { finished.append(delivery.source) }
  }

  /// The next batch, without what is stored already; nil where nothing of it is new.
  mutating func takeBatch(_ most: Int, _ now: Duration, last: (String) -> Place?) -> Batch? {
    let part = waiting.prefix(most)
    waiting.removeFirst(part.count)
    var newest: [String: Place] = [:]
    var batch = Batch(bytes: [], records: [], ids: [], arrivals: [])
    for (record, arrived) in part {
      if let place = record.place {
        let place = Place(epoch: place.epoch, window: place.window)
        if let known = newest[record.source] ?? last(record.source), place <= known { continue }
        newest[record.source] = place
        batch.ids.append(RecordID(source: record.source, epoch: place.epoch, window: place.window))
      }
      batch.records.append(record)
      batch.arrivals.append(arrived)
    }
    guard !batch.records.isEmpty else { return nil }
    writer.append(batch.records, to: &batch.bytes)
    unsynced.append(batch)
    oldest = oldest ?? now
    return batch
  }

  /// Appends all that is not in the store.
  /// - Returns: where the last of it stands.
  mutating func append(to store: RecordStore) throws(StoreError) -> Position {
    do throws(StoreError) {
      for n in unsynced.indices where unsynced[n].position == nil {
        unsynced[n].position = try store.append(
          unsynced[n].bytes, records: unsynced[n].records.count, ids: unsynced[n].ids)
      }
    } catch {
      switch error {
      case .lost: for n in unsynced.indices { unsynced[n].position = nil }  // what the disk kept of it, nobody knows
      case .repeated, .limit: unsynced.removeAll { $0.position == nil }  // never to be had
      default: break
      }
      throw error
    }
    return unsynced.last?.position ?? store.end
  }

  mutating func sync(_ store: RecordStore) throws(StoreError) {
    _ = try append(to: store)
    do throws(StoreError) { _ = try store.sync() } catch {
      if case .lost = error { for n in unsynced.indices { unsynced[n].position = nil } }
      throw error
    }
  }

  /// Whether what was written has waited long enough.
  func isDue(_ now: Duration, _ limit: Duration) -> Bool {
    guard let oldest else { return !finished.isEmpty }
    return now - oldest >= limit
  }

  /// All is durable: the sources of which that was the last.
  mutating func settle() -> [String] {
    defer { (unsynced, finished, oldest) = ([], [], nil) }
    return finished
  }
}
