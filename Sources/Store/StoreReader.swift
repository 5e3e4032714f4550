import Glibc
import System

/// A batch as it was stored.
package struct StoredBatch: Hashable, Sendable {
  package let position: Position
  /// Behind it: where a reader goes on that has done with this batch.
  package let next: Position
  package let bytes: [UInt8]
  /// How many records it holds.
  package let records: Int
  /// Of its segment: a reader that has seen another one must begin a new stream.
  package let layout: StoreLayout
}

/// Reads durable batches in their order, with descriptors of its own. It waits for nothing: nil is the present end.
/// A segment that is being read lives on for its reader when retention deletes it.
package struct StoreReader: Sendable {
  /// Where the next batch is looked for.
  package private(set) var position: Position
  private let disk: any Disk
  private let shelf: Shelf
  private var segment: OpenedSegment?

  private struct OpenedSegment {
    let number: Int
    let layout: StoreLayout
    let file: any DiskFile
    /// Nil while the segment is written to.
    var batches: [BatchEntry]?
  }

  init(_ disk: any Disk, _ shelf: Shelf, from position: Position?) {
    self.disk = disk
    self.shelf = shelf
    self.position = position ?? shelf.ledger.oldest
  }

  /// The first durable batch at `position` or behind it; nil where there is none yet. Throws `expired`, `unknown`,
  /// `damaged` and goes on behind that at the next call; `inputOutput`, and tries again.
  package mutating func next() throws(StoreError) -> StoredBatch? {
    while let current = try currentSegment() {
      if let batch = try nextEntry(of: current) { return try read(batch, of: current) }
      guard let segment else { continue }
      guard segment.batches != nil else { return nil }
      position = Position(segment: segment.number + 1, offset: 0)
      self.segment = nil
    }
    return nil
  }

  private mutating func currentSegment() throws(StoreError) -> OpenedSegment? {
    if let segment { return segment }
    switch shelf.find(position) {
    case .nothingYet: return nil
    case .expired(let oldest):
      position = oldest
      throw .expired(oldest: oldest)
    case .unknown(let oldest):
      defer { position = oldest }
      throw .unknown(position, oldest: oldest)
    case .hole(let number, let hole):
      let found = max(position, Position(segment: number, offset: 0))
      position = Position(segment: number + 1, offset: 0)
      throw told(found, hole.records)
    case .segment(let head, let tail):
      segment = try enter(head, tail)
      return segment
    }
  }

  private mutating func enter(_ head: SegmentHead, _ tail: SegmentTail?) throws(StoreError) -> OpenedSegment {
    position = max(position, Position(segment: head.number, offset: 0))
    let name = SegmentName.data(head.number)
    let file: any DiskFile
    let opening: [UInt8]
    do {
      file = try disk.open(name, .read)
      opening = try file.readAll(at: 0, count: head.openingLength)
    } catch { throw failure("read \(name)", error, head.number, tail?.records) }
    guard opening.count == head.openingLength, CRC32C.of(opening) == head.openingChecksum else {
      throw damage(in: head.number, tail?.records)
    }
    let layout = StoreLayout(opening: opening, closing: head.closing, configHash: head.configHash)
    var batches: [BatchEntry]?
    if let tail { batches = try index(head.number, head.openingLength, tail) }
    return OpenedSegment(number: head.number, layout: layout, file: file, batches: batches)
  }

  private mutating func index(_ number: Int, _ start: Int, _ tail: SegmentTail) throws(StoreError) -> [BatchEntry] {
    let name = SegmentName.index(number)
    var bytes: [UInt8] = []
    do {
      let file = try disk.open(name, .read)
      if try file.size() == SegmentIndex.size(tail.batches) { bytes = try file.readAll(at: 0, count: file.size()) }
    } catch { throw failure("read \(name)", error, number, tail.records) }
    guard let batches = SegmentIndex.read(bytes, from: start, tail) else {
      throw damage(in: number, tail.records)
    }
    return batches
  }

  /// Nil at the segment's end: for now where it is written to, for good where its batches are known.
  private mutating func nextEntry(of current: OpenedSegment) throws(StoreError) -> BatchEntry? {
    let offset = position.segment == current.number ? position.offset : 0
    if let batches = current.batches { return batches.first(from: offset) }
    switch shelf.live(current.number, from: offset) {
    case .batch(let batch): return batch
    case .nothingYet: return nil
    case .gone:
      segment = nil
      return nil
    case .finished(let tail):
      let batches = try index(current.number, current.layout.opening.count, tail)
      segment?.batches = batches
      return batches.first(from: offset)
    }
  }

  private mutating func read(_ batch: BatchEntry, of current: OpenedSegment) throws(StoreError) -> StoredBatch {
    let position = Position(segment: current.number, offset: batch.offset)
    var bytes: [UInt8] = []
    do { bytes = try current.file.readAll(at: batch.offset, count: batch.length) } catch {
      guard error.isDamage else { throw StoreError("read \(SegmentName.data(current.number))", error) }
    }
    self.position = Position(segment: current.number, offset: batch.end)
    guard bytes.count == batch.length, CRC32C.of(bytes) == batch.checksum else {
      shelf.suspect(current.number)
      throw told(position, batch.records)
    }
    return StoredBatch(
      position: position, next: self.position, bytes: bytes, records: batch.records, layout: current.layout)
  }

  /// The whole segment is passed over.
  private mutating func damage(in number: Int, _ records: Int?) -> StoreError {
    let found = Position(segment: number, offset: 0)
    shelf.suspect(number)
    segment = nil
    position = Position(segment: number + 1, offset: 0)
    return told(found, records ?? 0)
  }

  private func told(_ position: Position, _ records: Int) -> StoreError {
    shelf.count("damage_told")
    return .damaged(position, records: records)
  }

  /// A file that is not there has been deleted in the meantime, or it is damage; so is one that cannot be read.
  private mutating func failure(
    _ deed: String, _ error: Errno, _ number: Int, _ records: Int?
  ) -> StoreError {
    guard error.code == ENOENT || error.isDamage else { return StoreError(deed, error) }
    guard case .expired(let oldest) = shelf.find(position) else { return damage(in: number, records) }
    segment = nil
    position = oldest
    return .expired(oldest: oldest)
  }
}
