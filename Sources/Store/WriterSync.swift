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
    shelf.commit(staged)
    let gone = staged
    staged = []
    removeFiles(of: gone)
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
    for name in leftovers { removeQuietly(name) }
    leftovers = []
    if hasToClose, let open = ahead.open { closeStranded(open) }
    hasToClose = false
  }

  func nextEpoch(of source: String) -> Int32 {
    guard let state = ahead.sources[source] else { return 0 }
    return max(state.reserved, Int32(clamping: Int(state.last?.epoch ?? -1) + 1))
  }

  mutating func reserveEpoch(_ source: String, _ minimum: Int32) throws(StoreError) -> Int32 {
    try heal()
    let state = ahead.sources[source]
    guard state != nil || ahead.sources.count < limits.sources,
      source.utf8.count <= min(limits.nameBytes, Int(UInt16.max))
    else { throw .limit("reserve: too many sources, or too long a name") }
    let epoch = max(minimum, nextEpoch(of: source))
    guard let next = Int32(exactly: Int(epoch) + 1) else { throw .limit("reserve: no epoch is left") }
    try commitAhead([.reserved(source: source, next: next)])
    return next - 1
  }

  /// In a frame of their own before what is staged, which need not be possible yet: for entries that fit the durable
  /// ledger and the one ahead, and lead to the same in either order.
  private mutating func commitAhead(_ entries: [Entry]) throws(StoreError) {
    do { try write(entries) } catch { throw StoreError("write the journal", error) }
    for entry in entries { ahead.record(entry) }
    shelf.commit(entries)
  }
}

/// What is no longer kept.
extension Writer {
  /// 2025, in seconds since 1970: a clock that shows less has not been set.
  private static let believable = 1_735_689_600
  private static let mostDue = 1000

  /// Nothing waits for a sync, and nothing is to be done by one.
  var isClean: Bool {
    let time = time()
    return staged.isEmpty && shelf.suspects.isEmpty && due(time).isEmpty
      && !(ahead.open.map { isToEnd($0, time) } ?? false)
  }

  /// Not held up by batches for which there is no room.
  private mutating func commitDue(_ time: Int) throws(StoreError) {
    let entries = due(time)
    guard !entries.isEmpty else { return }
    try commitAhead(entries)
    removeFiles(of: entries)
  }

  /// Of the segments that are beyond the limits, and durably finished, as many as fit into a frame for which the journal
  /// has room on a full disk. The age of one that was finished before the clock had been set counts from the first look
  /// by one that has.
  private func due(_ time: Int) -> [Entry] {
    let finished = ahead.finished.prefix { [end = shelf.firstUnfinished] in $0.head.number < end }
    var entries: [Entry] = []
    if time >= Self.believable {
      for segment in finished where segment.tail.finishedAt < Self.believable {
        entries.append(.dated(segment: segment.head.number, time))
      }
    }
    var (bytes, count) = (ahead.bytes, ahead.finished.count)
    for segment in finished {
      let isDated = segment.tail.finishedAt >= Self.believable || time < Self.believable
      let isOld = isDated && limits.age.map { time - segment.tail.finishedAt >= $0 } ?? false
      guard isOld || bytes > limits.totalBytes || count > limits.mostSegments else { break }
      (bytes, count) = (bytes - segment.size, count - 1)
      entries.append(.removed(segment: segment.head.number, .expired))
    }
    return Array(entries.prefix(Self.mostDue))
  }

  /// Also where no more records come, or nothing in it would ever be deleted.
  private func isToEnd(_ open: OpenSegment, _ time: Int) -> Bool {
    shelf.suspects.contains(open.head.number)
      || !open.batches.isEmpty && time - open.head.openedAt >= limits.segmentAge
  }

  /// That are durable.
  private func removeFiles(of entries: [Entry]) {
    for case .removed(let segment, let removal) in entries where removal != .damaged {
      removeQuietly(SegmentName.data(segment))
      removeQuietly(SegmentName.index(segment))
    }
  }

  /// What stays is removed at the next start.
  private func removeQuietly(_ name: String) {
    do { try removeIfThere(name) } catch { shelf.count("leftover_files") }
  }

  /// Segments in which readers found damage: the open one is ended first.
  private mutating func putAsideSuspects() throws(StoreError) {
    for number in shelf.suspects.sorted() where shelf.openNumber != number {
      if ahead.finished.contains(where: { $0.head.number == number }) {
        try putAside(number)
        stage(.removed(segment: number, .damaged))
      }
      shelf.clear(number)
    }
  }

  private func putAside(_ number: Int) throws(StoreError) {
    do throws(Errno) {
      for name in [SegmentName.data(number), SegmentName.index(number)] {
        do { try disk.rename(name, to: name + SegmentName.damaged) } catch { if error.code != ENOENT { throw error } }
      }
      try disk.syncNames()
    } catch { throw StoreError("put aside segment \(number)", error) }
  }
}
