import Glibc
import System

/// The one hand that writes. `ahead` is the ledger as it will be when the staged entries are durable.
struct Writer: Sendable {
  var layout: StoreLayout
  var limits: StoreLimits
  let disk: any Disk
  let shelf: Shelf
  let now: @Sendable () -> Int64
  /// Segments of earlier runs, whose numbers are less, are not written to: positions behind their durable bytes may have
  /// been given.
  let firstNumber: Int
  var journal: Journal
  var ahead: Ledger
  /// What the next frame of the journal will say; its data is not yet known to be on the disk.
  var staged: [Entry] = []
  /// Of the open segment, once it is written to.
  var file: (any DiskFile)?
  var isFileDirty = false
  var areNamesDirty = false
  /// The open segment lost data that was not synced: nothing more is written to it.
  var isStranded = false
  /// It also holds what is not durable.
  var hasToClose = false
  /// There may be sources of which no record is kept: else nobody need look for them.
  var isAnyForgettable = true
  /// Files to be removed, once no journal names them that may be found after a crash.
  var leftovers: [String] = []

  init(
    _ disk: any Disk, _ shelf: Shelf, _ journal: Journal, _ layout: StoreLayout, _ limits: StoreLimits,
    now: @escaping @Sendable () -> Int64
  ) {
    (self.disk, self.shelf, self.journal, self.layout, self.limits) = (disk, shelf, journal, layout, limits)
    self.now = now
    ahead = shelf.ledger
    firstNumber = ahead.nextNumber
  }

  static func check(_ layout: StoreLayout) throws(StoreError) {
    guard !layout.opening.isEmpty, layout.closing.count <= Int(UInt8.max), layout.configHash.utf8.count <= 4096 else {
      throw .limit("open: not the layout of a stream")
    }
  }

  var end: Position { ahead.end }

  /// In seconds, and within what the journal can say.
  func time() -> Int { Int(min(max(0, now()), 1 << 39)) }

  func last(of source: String) -> Place? { ahead.sources[source]?.last }

  mutating func append(_ batch: [UInt8], _ records: Int, _ ids: [RecordID]) throws(StoreError) -> Position {
    let marks = try admit(batch, records, ids)
    if staged.count >= limits.unsyncedBatches { _ = try sync() }
    try heal()
    try requireRoom(for: batch.count)
    let time = time()
    if needsNewSegment(for: batch.count, time) { try turnOver(time) }
    // Its number is used up, and on the disk, before any position in it is given.
    if shelf.openNumber != ahead.end.segment { _ = try sync() }
    let offset = ahead.end.offset
    try write(batch, at: offset)
    let entry = BatchEntry(
      offset: offset, length: batch.count, checksum: CRC32C.of(batch), records: records, marks: marks)
    stage(.batch(segment: ahead.end.segment, entry))
    shelf.note(given: ahead.end)
    return ahead.end
  }

  func lookAtRoom(_ deed: String) throws(StoreError) -> StoreRoom {
    do {
      let room = try disk.room()
      let left = StoreRoom(free: room.free, reserve: limits.reserve(of: room))
      shelf.note(left)
      return left
    } catch { throw StoreError(deed, error) }
  }

  mutating func stage(_ entry: Entry) {
    ahead.record(entry)
    staged.append(entry)
  }

  /// Only of durable records: those that are lost come again, and could not be told from what comes anew.
  mutating func forget(_ source: String) -> Bool {
    guard ahead.sources[source]?.last != nil else { return true }
    let isDurable = !staged.contains { entry in
      if case .batch(_, let batch) = entry { batch.marks.contains { $0.source == source } } else { false }
    }
    guard isDurable, staged.count < limits.unsyncedBatches else { return false }
    stage(.forgotten(source: source))
    isAnyForgettable = true
    return true
  }

  /// Forgets all that is not durable: what the disk has kept of it is not known. Names that were to be forgotten still
  /// are, for what came anew under them will come again.
  mutating func abandon() {
    shelf.count("lost_records", stagedRecords)
    let forgotten = staged.filter { if case .forgotten = $0 { true } else { false } }
    for case .opened(let head) in staged {
      leftovers += SegmentName.files(head.number)
    }
    staged = []
    shelf.burnNumbers(below: ahead.nextNumber)
    ahead = shelf.ledger
    file = nil
    (isFileDirty, areNamesDirty) = (false, false)
    isStranded = ahead.open != nil
    hasToClose = isStranded
    isAnyForgettable = true
    for entry in forgotten { stage(entry) }
  }

  var stagedRecords: Int {
    staged.reduce(0) { sum, entry in if case .batch(_, let batch) = entry { sum + batch.records } else { sum } }
  }
}

extension Writer {
  private mutating func admit(_ batch: [UInt8], _ records: Int, _ ids: [RecordID]) throws(StoreError) -> [Mark] {
    guard !batch.isEmpty, batch.count <= limits.batchBytes, ids.count <= records, records <= Int(Int32.max) else {
      throw .limit("append: \(batch.count) bytes of \(records) records: not a batch within the limits")
    }
    var lasts: [String: Place] = [:]
    var repeated = 0
    for id in ids {
      guard id.source.utf8.count <= min(limits.nameBytes, Int(UInt16.max)) else {
        throw .limit("append: the name of a source is longer than \(limits.nameBytes) bytes")
      }
      let last = lasts[id.source] ?? last(of: id.source)
      if let last, id.place <= last { repeated += 1 } else { lasts[id.source] = id.place }
    }
    guard repeated == 0 else {
      shelf.count("repeated_records", repeated)
      throw .repeated(repeated)
    }
    guard try hasRoom(for: lasts.keys) else { throw .limit("append: more than \(limits.sources) sources") }
    return lasts.sorted { $0.key < $1.key }.map { source, place in
      Mark(source: source, place: place, before: last(of: source))
    }
  }

  private func requireRoom(for count: Int) throws(StoreError) {
    let room = try lookAtRoom("append")
    guard room.free - room.reserve >= count else {
      throw .noRoom("append: \(room.free) bytes left on the disk, of which \(room.reserve) are kept free")
    }
  }

  private func needsNewSegment(for count: Int, _ time: Int) -> Bool {
    guard let open = ahead.open, !isStranded, open.head.number >= firstNumber, open.head.fits(layout) else {
      return true
    }
    if shelf.suspects.contains(open.head.number) { return true }
    guard !open.batches.isEmpty else { return false }
    let size = open.end + count + open.head.closing.count
    return size > limits.segmentBytes || time - open.head.openedAt >= limits.segmentAge
  }

  private mutating func write(_ batch: [UInt8], at offset: Int) throws(StoreError) {
    let name = SegmentName.data(ahead.end.segment)
    let file = try openFile(name)
    isFileDirty = true
    do { try file.writeAll(batch, at: offset) } catch {
      throw giveUp("write \(name)", error) { _ throws(Errno) in try file.truncate(to: offset) }
    }
  }

  mutating func openFile(_ name: String) throws(StoreError) -> any DiskFile {
    if let file { return file }
    do {
      let opened = try disk.open(name, .readWrite)
      file = opened
      return opened
    } catch { throw StoreError("open \(name)", error) }
  }

  /// What may succeed later is undone, and nothing has changed; else all that is not durable is lost.
  mutating func giveUp(_ deed: String, _ error: Errno, undo: (Writer) throws(Errno) -> Void) -> StoreError {
    do throws(Errno) {
      guard error.isPassing else { throw error }
      try undo(self)
      return StoreError(deed, error)
    } catch {
      return lose(deed, error)
    }
  }

  mutating func lose(_ deed: String, _ error: Errno) -> StoreError {
    abandon()
    return .lost("\(deed): \(error); what was not synced is lost")
  }
}
