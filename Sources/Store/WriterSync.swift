import Glibc
import System

/// Making durable: data first, then the names of files, then the frame of the journal that tells of both. Only then
/// are files removed.
extension Writer {
  mutating func sync() throws(StoreError) -> Position {
    try heal()
    try putAsideSuspects()
    stageExpired(time())
    guard !staged.isEmpty else { return shelf.end }
    do {
      if isFileDirty { try file?.syncData() }
      isFileDirty = false
      if areNamesDirty { try disk.syncNames() }
      areNamesDirty = false
    } catch { throw lose("sync", error) }
    try commitStaged()
    return shelf.end
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
    for case .removed(let segment, .expired) in gone { removeFiles(of: segment) }
  }

  private mutating func write(_ entries: [Entry]) throws(Errno) {
    if journal.isLong(limits.journalBytes) {
      try replaceJournal(adding: [entries])
    } else {
      try journal.append(entries)
    }
  }

  private mutating func replaceJournal(adding frames: [[Entry]]) throws(Errno) {
    let draft = try Journal.draft(on: disk, [shelf.ledger.snapshot] + frames)
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
    let entry = Entry.reserved(source: source, next: next)
    do { try write([entry]) } catch { throw StoreError("write the journal", error) }
    ahead.record(entry)
    shelf.commit([entry])
    return next - 1
  }
}

/// What is no longer kept.
extension Writer {
  private mutating func stageExpired(_ time: Int) {
    var bytes = ahead.bytes
    for segment in ahead.finished {
      let isOld = limits.age.map { time - segment.tail.finishedAt >= $0 } ?? false
      guard isOld || bytes > limits.totalBytes else { return }
      bytes -= segment.size
      stage(.removed(segment: segment.head.number, .expired))
    }
  }

  private func removeFiles(of segment: Int) {
    removeQuietly(SegmentName.data(segment))
    removeQuietly(SegmentName.index(segment))
  }

  /// What stays is removed at the next start.
  private func removeQuietly(_ name: String) {
    do { try removeIfThere(name) } catch { shelf.count("leftover_files") }
  }

  /// Segments in which readers found damage: the open one is finished first, by the next append.
  private mutating func putAsideSuspects() throws(StoreError) {
    for number in shelf.suspects.sorted() where shelf.ledger.open?.head.number != number {
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
