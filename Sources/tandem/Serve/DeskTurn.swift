import Emit
import Media
import Store

/// What the desk has at hand: records that wait for their batch, and batches that wait to be stored, given and durable.
struct DeskTurn {
  /// Records that are written together.
  struct Batch {
    let bytes: [UInt8]
    let records: [Embedding]
    let ids: [RecordID]
    let origins: [Origin]
    /// Behind it in the store; nil while it is not there.
    var end: Position?
    /// Readers have it.
    var isGiven = false
  }

  /// Whose record it is, when what completed its window came, and when the stages gave it.
  struct Origin {
    let status: SourceStatus
    let arrived: Duration
    let given: Duration
  }

  /// What the store would not take.
  struct Refusals {
    var count = 0
    /// Of these sources for the first time.
    var sources: [(name: String, why: StoreError)] = []
  }

  /// A recorded source of which the last record has come, and all that the store took is durable.
  struct Finish {
    let source: String
    /// The store took all of it.
    let isWhole: Bool
  }

  /// Names of sources of which something was refused, until they finish. Beyond that all who finish count as refused.
  private static let mostFailed = 1 << 16

  private var waiting: [(record: Embedding, origin: Origin)] = []
  private var finished: [String] = []
  private var unsynced: [Batch] = []
  private var refusals = Refusals()
  private var failed: Set<String> = []
  private var oldest: Duration?
  private var writer: ArrowWriter

  init(_ layout: RecordLayout) { writer = ArrowWriter(layout) }

  var count: Int { waiting.count }
  var isEmpty: Bool { waiting.isEmpty }
  /// Nothing waits to be durable.
  var isClean: Bool { unsynced.isEmpty && finished.isEmpty }
  /// Records that are not known to be durable.
  var unsyncedCount: Int { unsynced.reduce(waiting.count) { $0 + $1.records.count } }
  var closing: [UInt8] { writer.closing }

  mutating func add(_ delivery: Delivery, arrived: Duration, given: Duration) {
    let origin = Origin(status: delivery.status, arrived: arrived, given: given)
    waiting += delivery.records.map { ($0, origin) }
    if delivery.isLast { finished.append(delivery.status.label) }
  }

  /// Makes the next batch, without what is stored already: the number of such records.
  mutating func makeBatch(_ most: Int, _ now: Duration, last: (String) -> Place?) -> Int {
    let part = waiting.prefix(most)
    waiting.removeFirst(part.count)
    var newest: [String: Place] = [:]
    let new = part.filter { record, origin in
      guard let id = record.id else { return true }
      if let known = newest[id.source] ?? last(id.source), id.place <= known {
        origin.status.settle(isTaken: true)
        return false
      }
      newest[id.source] = id.place
      return true
    }
    if !new.isEmpty {
      unsynced.append(batch(new.map(\.record), new.map(\.origin)))
      oldest = oldest ?? now
    }
    return part.count - new.count
  }

  private mutating func batch(_ records: [Embedding], _ origins: [Origin], isGiven: Bool = false) -> Batch {
    var bytes: [UInt8] = []
    writer.append(records, to: &bytes)
    return Batch(bytes: bytes, records: records, ids: records.compactMap(\.id), origins: origins, isGiven: isGiven)
  }

  /// Appends all that is not in the store. Of what it refuses nothing else is kept from it.
  mutating func append(to store: RecordStore) throws(StoreError) {
    var n = 0
    while n < unsynced.count {
      let batch = unsynced[n]
      do throws(StoreError) {
        if batch.end == nil {
          unsynced[n].end = try store.append(batch.bytes, records: batch.records.count, ids: batch.ids)
        }
        n += 1
      } catch {
        switch error {
        case .repeated, .limit: refuse(n, error)
        default:
          if case .noRoom = error { makeRoom(in: store) }
          note(error, store)
          throw error
        }
      }
    }
  }

  /// What is old may go now, if somebody has allowed less than there is, and what is written need not wait.
  private mutating func makeRoom(in store: RecordStore) {
    do throws(StoreError) { _ = try store.sync() } catch { note(error, store) }
  }

  mutating func sync(_ store: RecordStore) throws(StoreError) {
    try append(to: store)
    do throws(StoreError) { _ = try store.sync() } catch {
      note(error, store)
      throw error
    }
  }

  /// What is lost is to be appended anew: what is durable by now is not.
  private mutating func note(_ error: StoreError, _ store: RecordStore) {
    guard case .lost = error else { return }
    let durable = store.durable
    for n in unsynced.indices { if let end = unsynced[n].end, end > durable { unsynced[n].end = nil } }
  }

  /// A batch that is refused is halved, until it is a record that is refused.
  private mutating func refuse(_ n: Int, _ why: StoreError) {
    let batch = unsynced.remove(at: n)
    let middle = batch.records.count / 2
    if middle > 0 {
      for part in [middle..<batch.records.count, 0..<middle] {
        let half = self.batch(Array(batch.records[part]), Array(batch.origins[part]), isGiven: batch.isGiven)
        unsynced.insert(half, at: n)
      }
    } else {
      refusals.count += 1
      if !batch.isGiven { batch.origins[0].status.settle(isTaken: false) }
      let name = batch.records[0].source
      if failed.count < Self.mostFailed, failed.insert(name).inserted { refusals.sources.append((name, why)) }
    }
  }

  /// Since they were last asked for.
  mutating func takeRefusals() -> Refusals {
    defer { refusals = Refusals() }
    return refusals
  }

  /// Batches that are in the store and that no reader has yet.
  mutating func takeNew() -> [Batch] {
    var new: [Batch] = []
    for n in unsynced.indices where unsynced[n].end != nil && !unsynced[n].isGiven {
      unsynced[n].isGiven = true
      new.append(unsynced[n])
    }
    return new
  }

  /// Whether what was written has waited long enough.
  func isDue(_ now: Duration, _ limit: Duration) -> Bool {
    guard let oldest else { return !finished.isEmpty }
    return now - oldest >= limit
  }

  /// All is durable: the sources of which that was the last.
  mutating func settle() -> [Finish] {
    defer { (unsynced, finished, oldest) = ([], [], nil) }
    var finishes: [Finish] = []
    for source in finished {
      let isUnknown = failed.count == Self.mostFailed
      finishes.append(Finish(source: source, isWhole: failed.remove(source) == nil && !isUnknown))
    }
    return finishes
  }
}

extension Embedding {
  /// Nil where it has no place.
  fileprivate var id: RecordID? {
    place.map { RecordID(source: source, epoch: $0.epoch, window: $0.window) }
  }
}
