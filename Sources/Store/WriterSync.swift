import Glibc
import System

/// Making durable: data first, then the names of files, then the frame of the journal that tells of both. Only then
/// are files removed.
extension Writer {
  mutating func sync() throws(StoreError) -> Position {
    try heal()
    try commitDue(time())
    try putAsideSuspects()
    try commit()
    // Last, so that nothing waits for it: it may need room that was not there before.
    if let open = ahead.open, isToEnd(open, time()) {
      try end(open, time())
      try commit()
    }
    return shelf.end
  }

  private mutating func commit() throws(StoreError) {
    guard !staged.isEmpty else { return }
    do {
      if isFileDirty { try file?.syncData() }
      isFileDirty = false
      if areNamesDirty { try disk.syncNames() }
      areNamesDirty = false
    } catch { throw lose("sync", error) }
    try commitStaged()
  }

  private mutating func commitStaged() throws(StoreError) {
    do { try write(staged) } catch {
      guard error.isPassing, !journal.isSuspect else { throw lose("write the journal", error) }
      throw StoreError("write the journal", error)
    }
    shelf.count("records", stagedRecords)
    let entries = staged
    staged = []
    settle(entries)
  }

  /// Entries that are in the journal now.
  private mutating func settle(_ entries: [Entry]) {
    let aside = shelf.commit(entries)
    for case .removed(let segment, let removal) in entries where removal != .damaged {
      for name in SegmentName.files(segment) { removeQuietly(name) }
    }
    for number in aside { for name in SegmentName.files(number) { removeQuietly(name + SegmentName.damaged) } }
  }

  private mutating func write(_ entries: [Entry]) throws(Errno) {
    if journal.isLong(limits.journalBytes) {
      do { return try replaceJournal(adding: [entries]) } catch {
        // Where there is no room for a new one the old one goes on: what it is told of may make some.
        guard error.isForRoom, !journal.isSuspect else { throw error }
      }
    }
    try journal.append(entries)
  }

  private mutating func replaceJournal(adding frames: [[Entry]]) throws(Errno) {
    let draft = try Journal.draft(on: disk, [shelf.ledger.snapshot] + frames, headroom: limits.journalHeadroom)
    do { try draft.publish(on: disk) } catch {
      journal.suspect()
      throw error
    }
    journal = draft
  }

  /// After a failed call on the journal it may say more than is known here: it is written anew before anything that it
  /// may name is touched.
  mutating func heal() throws(StoreError) {
    if journal.isSuspect {
      do { try replaceJournal(adding: []) } catch { throw StoreError("write the journal anew", error) }
    }
    removeLeftovers()
    if hasToClose, let open = ahead.open { closeStranded(open) }
    hasToClose = false
  }

  func nextEpoch(of source: String) -> Int32 { ahead.nextEpoch(of: source) }

  mutating func reserveEpoch(_ source: String, _ minimum: Int32) throws(StoreError) -> Int32 {
    try heal()
    guard source.utf8.count <= min(limits.nameBytes, Int(UInt16.max)), try hasRoom(for: [source]) else {
      throw .limit("reserve: too many sources, or too long a name")
    }
    let epoch = max(minimum, nextEpoch(of: source))
    guard let next = Int32(exactly: Int(epoch) + 1) else { throw .limit("reserve: no epoch is left") }
    try commitAhead([.reserved(source: source, next: next)])
    return epoch
  }

  /// Whether these may be known beside the others. Where those are too many, some of which no record is kept are
  /// forgotten: from then on no unknown source is given an epoch that one of them may have had.
  mutating func hasRoom(for names: some Collection<String>) throws(StoreError) -> Bool {
    var count: Int { names.count { ahead.sources[$0] == nil } }
    guard count > 0, ahead.sources.count + count > limits.sources else { return true }
    guard isAnyForgettable, let floor = ahead.floor(forgetting: max(count, limits.sources / 8)) else {
      isAnyForgettable = false
      return false
    }
    try heal()
    try commitAhead([.floor(floor)])
    return ahead.sources.count + count <= limits.sources
  }

  /// In a frame of their own before what is staged, which need not be possible yet: for entries that fit the durable
  /// ledger and the one ahead, and lead to the same in either order.
  mutating func commitAhead(_ entries: [Entry]) throws(StoreError) {
    do { try write(entries) } catch { throw StoreError("write the journal", error) }
    for entry in entries { ahead.record(entry) }
    ahead.forgetExpired()
    settle(entries)
  }
}
