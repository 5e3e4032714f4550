package import Media
import Synchronization
import System

/// Durable records: batches in segments, each a whole stream of its own that any Arrow reader takes, and a journal
/// that says which of their bytes count. What `sync` has returned for survives kill −9 and power cuts, whole and once.
/// It has no threads and no clock. One thread appends; readers and reservations may come from any.
package final class RecordStore: Sendable {
  private let disk: any Disk
  private let shelf: Shelf
  private let writer: Mutex<Writer>
  /// Held until the store goes.
  private let claim: DiskClaim

  /// Opens the store in `folder`, or makes it, and recovers what a crash left.
  /// - Parameter now: seconds since 1970, for ages alone.
  /// - Throws: `StoreError.owned` while another process has it, `.limit`, `.cannotOpen`.
  package static func open(
    _ folder: String, _ layout: StoreLayout, _ limits: StoreLimits = StoreLimits(), now: @escaping @Sendable () -> Int64
  ) throws(StoreError) -> RecordStore {
    let disk: SystemDisk
    do { disk = try SystemDisk(folder) } catch { throw .cannotOpen("make \(PathText.written(folder)): \(error)") }
    return try open(disk, named: PathText.written(folder), layout, limits, now: now)
  }

  /// - Parameter name: of the folder, for people.
  package static func open(
    _ disk: any Disk, named name: String, _ layout: StoreLayout, _ limits: StoreLimits,
    now: @escaping @Sendable () -> Int64
  ) throws(StoreError) -> RecordStore {
    try Writer.check(layout)
    let disk = SteadyDisk(disk: disk)
    do {
      let claim = try disk.claim("lock")
      if case .taken(let holder) = claim { throw StoreError.owned("open \(name): in use by \(holder)") }
      var recovery = try Recovery(disk, limits)
      let journal = try recovery.run()
      let shelf = Shelf(recovery.ledger, recovery.counters, holes: recovery.holes())
      return RecordStore(disk, shelf, Writer(disk, shelf, journal, layout, limits, now: now), claim)
    } catch let error as StoreError { throw error } catch { throw .cannotOpen("open \(name): \(error)") }
  }

  private init(_ disk: any Disk, _ shelf: Shelf, _ writer: Writer, _ claim: DiskClaim) {
    self.disk = disk
    self.shelf = shelf
    self.writer = Mutex(writer)
    self.claim = claim
  }

  /// Behind the last durable batch: all before it survives.
  package var durable: Position { shelf.end }

  /// Behind the last batch appended.
  package var end: Position { writer.withLock { $0.end } }

  /// What became of all records and files, by name.
  package var counters: Counters { shelf.counters }

  /// The last record of a source, durable or only appended: what comes behind it is new.
  package func last(of source: String) -> Place? { writer.withLock { $0.last(of: source) } }

  /// Whether the last durable record of this source is known. Never waits for the disk.
  package func knows(_ source: String) -> Bool { shelf.last(of: source) != nil }

  /// Appends one batch; `sync` makes it durable.
  /// - Parameters:
  ///   - batch: a record batch message as it stands in a stream.
  ///   - records: how many it holds, with those that have no id.
  ///   - ids: of its records, in their order; those of one source ascend.
  /// - Returns: behind it, where one goes on who has it. What becomes of it does not matter: who goes on from there gets
  ///   all that is stored later, and what is appended anew since it was lost.
  /// - Throws: `StoreError.repeated` where not all ids are new, `.limit`, `.noRoom`, `.inputOutput`: nothing was
  ///   appended; `.lost`: neither was what came before and was not synced.
  package func append(_ batch: [UInt8], records: Int, ids: [RecordID]) throws(StoreError) -> Position {
    try writer.withLock { writer throws(StoreError) in try writer.append(batch, records, ids) }
  }

  /// Waits until all that was appended is on the disk; deletes what is beyond the limits, puts aside what is damaged,
  /// and ends a segment that is old.
  /// - Returns: `durable`.
  /// - Throws: `StoreError.noRoom`, `.inputOutput`: ask again; `.lost`: append anew what came after `durable`.
  package func sync() throws(StoreError) -> Position {
    try writer.withLock { writer throws(StoreError) in try writer.sync() }
  }

  /// An epoch of `source` that was never given away and holds no record, at least `minimum`. That it is given away is
  /// on the disk when this returns. Where too many names are known, those of which only that is known are forgotten, and
  /// from then on no epoch that one of them may have had is given to a new one.
  /// - Throws: `StoreError.limit`, `.noRoom`, `.inputOutput`: none was given.
  package func reserveEpoch(of source: String, atLeast minimum: Int32 = 0) throws(StoreError) -> Int32 {
    try writer.withLock { writer throws(StoreError) in try writer.reserveEpoch(source, minimum) }
  }

  /// No record of `source` has this epoch or a later one, as far as the store still knows, nor was one given away: 0 for
  /// a new one, or more where names have been forgotten.
  package func nextEpoch(of source: String) -> Int32 { writer.withLock { $0.nextEpoch(of: source) } }

  /// Keeps the last record of `source` no longer, of which nothing more will come: its name makes room for others.
  /// Its records stay; one that is appended under this name is new, whatever its place. Durable with the next `sync`;
  /// a crash before only keeps the name.
  /// - Returns: false where the name is kept, since records of it are not yet durable, or too much else waits for it.
  @discardableResult
  package func forget(_ source: String) -> Bool { writer.withLock { $0.forget(source) } }

  /// What was left on the disk when it was last looked at. Never waits for the disk; nil before the first look.
  package var room: StoreRoom? { shelf.room }

  /// Looks at it, as every `append` does.
  /// - Throws: `StoreError.inputOutput`.
  package func lookAtRoom() throws(StoreError) {
    try writer.withLock { writer throws(StoreError) in _ = try writer.lookAtRoom("look at the disk") }
  }

  /// Nothing waits for a sync, and nothing is to be ended, deleted or put aside.
  package var isClean: Bool { writer.withLock { $0.isClean } }

  /// Sources whose last record is kept, or for which an epoch is reserved.
  package var sourceCount: Int { shelf.sourceCount }

  /// What is appended from now on has another layout, and so stands in another segment.
  package func change(to layout: StoreLayout) throws(StoreError) {
    try Writer.check(layout)
    writer.withLock { $0.layout = layout }
  }

  /// What is kept from now on.
  package func change(_ limits: StoreLimits) { writer.withLock { $0.limits = limits } }

  /// - Parameter position: what was appended behind it is wanted; nil begins with the oldest.
  package func reader(from position: Position? = nil) -> StoreReader { StoreReader(disk, shelf, from: position) }
}
