import Glibc
import Media
import System

/// Finds out what the store holds after whatever ended the last run, and puts the files in order. First it only reads
/// and decides, then it puts aside what is damaged, then the journal says so durably; files are cut and removed last.
/// So it may itself be ended at any call, and begun anew.
struct Recovery {
  private(set) var ledger = Ledger()
  private(set) var counters = Counters()
  private let disk: any Disk
  private let headroom: Int
  private var names: Set<String>
  /// Segments to be put aside.
  private var broken: Set<Int> = []
  /// Something in the journal was lost that no crash loses: a file that it does not name may hold records.
  private var isJournalDamaged = false

  init(_ disk: any Disk, _ limits: StoreLimits) throws(Errno) {
    self.disk = disk
    headroom = limits.journalHeadroom
    names = Set(try disk.names())
  }

  mutating func run() throws(Errno) -> Journal {
    let file = names.contains(Journal.name) ? try disk.open(Journal.name, .readWrite) : nil
    let bytes = try file.map { file throws(Errno) in try file.readAll(at: 0, count: file.size()) }
    let contents = bytes.flatMap { JournalContents($0) }
    // What a killed process wrote may be seen and yet not be on the disk: it counts from here on.
    try file?.syncData()
    try disk.syncNames()
    isJournalDamaged = contents.map { $0.gaps > 0 } ?? (bytes != nil || holdsSegments)
    for entry in contents?.entries ?? [] { replay(entry) }
    ledger.forgetExpired()
    try checkFinished()
    let areBatchesLost = try checkOpen()
    putAsideStrangers()
    let isChanged = isJournalDamaged || !broken.isEmpty || areBatchesLost
    if isChanged { try putAside(journal: bytes) }
    let journal: Journal
    if let file, let contents, !isChanged {
      journal = try Journal(file, contents, headroom: headroom)
    } else {
      journal = try Journal.draft(on: disk, [ledger.snapshot], headroom: headroom)
      try journal.publish(on: disk)
    }
    count("torn_journal_bytes", contents.map { max(0, (bytes?.count ?? 0) - $0.end) } ?? 0)
    tidy()
    return journal
  }

  /// Segments that are put aside, now or by earlier runs, by number.
  func holes() -> [Int: Hole] {
    var holes = Dictionary(uniqueKeysWithValues: broken.map { ($0, Hole()) })
    for name in names where name.hasSuffix(SegmentName.damaged) {
      guard let number = SegmentName.anyNumber(name) else { continue }
      // What cannot be looked at takes no room that is known of.
      let size = (try? disk.open(name, .read).size()) ?? 0
      holes[number, default: Hole()].bytes += min(size, ByteReader.mostLength)
    }
    return holes.filter { $0.key > ledger.expired.segment && $0.key < ledger.nextNumber }
  }

  private var holdsSegments: Bool { names.contains { SegmentName.number($0) != nil } }

  private mutating func count(_ name: String, _ count: Int) {
    if count != 0 { counters.add("store_" + name, Int64(count)) }
  }
}

// MARK: Reads and decides

extension Recovery {
  /// What does not fit is a sign that the journal lacks something about that segment, which then is put aside.
  private mutating func replay(_ entry: Entry) {
    while true {
      do {
        return try ledger.apply(entry)
      } catch {
        isJournalDamaged = true
        broken.insert(error.segment)
        guard ledger.forget(error.segment) else { return }
      }
    }
  }

  private mutating func breakSegment(_ number: Int) {
    _ = ledger.forget(number)
    broken.insert(number)
  }

  /// By their lengths; readers check every batch.
  private mutating func checkFinished() throws(Errno) {
    for segment in ledger.finished {
      let number = segment.head.number
      let size = try readable { () throws(Errno) in try disk.open(SegmentName.data(number), .read).size() } ?? 0
      if size < segment.tail.end || !names.contains(SegmentName.index(number)) { breakSegment(number) }
    }
  }

  /// Nil where there is no such file, or the disk does not give it.
  private func readable<Result>(_ look: () throws(Errno) -> Result) throws(Errno) -> Result? {
    do { return try look() } catch {
      guard error.code == ENOENT || error.isDamage else { throw error }
      return nil
    }
  }

  /// By the checksums of all its batches. Bad ones at its end are taken back. True where anything was.
  private mutating func checkOpen() throws(Errno) -> Bool {
    guard let open = ledger.open else { return false }
    let good = try readable { () throws(Errno) in try intact(open) } ?? nil
    let kept = good?.prefix { $0 }.count ?? 0
    guard let good, !good.dropFirst(kept).contains(true) else {
      breakSegment(open.head.number)
      return true
    }
    count("truncated_records", open.batches[kept...].reduce(0) { $0 + $1.records })
    ledger.takeBack(from: kept)
    return kept < open.batches.count
  }

  /// Of each batch, whether it is what was stored; nil where the opening is not, and where the journal lacks something
  /// that the file may hold. A disk that does not give what it holds is no reason to cut anything either.
  private func intact(_ open: OpenSegment) throws(Errno) -> [Bool]? {
    let file = try disk.open(SegmentName.data(open.head.number), .read)
    let (size, length) = (try file.size(), open.head.openingLength)
    guard size >= length, !isJournalDamaged || size <= open.end,
      CRC32C.of(try file.readAll(at: 0, count: length)) == open.head.openingChecksum
    else { return nil }
    return try open.batches.map { batch throws(Errno) in
      guard size >= batch.end else { return false }
      return CRC32C.of(try file.readAll(at: batch.offset, count: batch.length)) == batch.checksum
    }
  }

  /// Segments that the journal does not name are what a crash left of making or deleting them, unless the journal lost
  /// something.
  private mutating func putAsideStrangers() {
    let known = Set(ledger.finished.map(\.head.number) + [ledger.open?.head.number].compactMap { $0 })
    if isJournalDamaged {
      for name in names { if let number = SegmentName.number(name), !known.contains(number) { broken.insert(number) } }
    }
    let highest = names.compactMap(SegmentName.anyNumber).max() ?? 0
    ledger.burnNumbers(below: highest + 1)
  }
}

// MARK: Puts in order

extension Recovery {
  /// Renames what is damaged and keeps the journal that tells of it.
  private mutating func putAside(journal bytes: [UInt8]?) throws(Errno) {
    if isJournalDamaged, let bytes { try disk.open(Journal.name + SegmentName.damaged, .create).fill(bytes) }
    for number in broken.sorted() {
      for name in SegmentName.files(number) where names.remove(name) != nil {
        try disk.rename(name, to: name + SegmentName.damaged)
        names.insert(name + SegmentName.damaged)
      }
    }
    try disk.syncNames()
  }

  private mutating func tidy() {
    count("damaged_journals", isJournalDamaged ? 1 : 0)
    if let open = ledger.open { close(open) }
    for segment in ledger.finished { close(segment) }
    let gone = names.subtracting(kept).filter { SegmentName.anyNumber($0) != nil || $0 == Journal.draftName }
    for name in gone {
      do { try disk.remove(name) } catch { count("leftover_files", error.code == ENOENT ? 0 : 1) }
    }
    names.subtract(gone)
    count("damaged_segments", names.count { $0.hasSuffix(".arrows" + SegmentName.damaged) })
  }

  /// Files of segments; also of those that were put aside, until what came after them has expired.
  private var kept: Set<String> {
    let aside = names.filter { name in
      name.hasSuffix(SegmentName.damaged) && SegmentName.anyNumber(name).map { $0 > ledger.expired.segment } ?? false
    }
    let open = ledger.open.map { SegmentName.data($0.head.number) }
    return aside.union(ledger.finished.flatMap { SegmentName.files($0.head.number) }).union([open].compactMap { $0 })
  }

  /// Cuts what stands behind its last batch. A disk that is full, or fails there, is no reason to keep the store closed:
  /// nothing is written there any more before its end mark.
  private mutating func close(_ segment: OpenSegment) {
    do {
      let file = try disk.open(SegmentName.data(segment.head.number), .readWrite)
      let excess = try file.size() - segment.end
      guard excess > 0 else { return }
      try file.truncate(to: segment.end)
      try file.syncData()
      count("truncated_bytes", excess)
    } catch { count("unclosed_segments", 1) }
  }

  /// One that lost data when it was written to got an end mark that was not synced.
  private mutating func close(_ segment: FinishedSegment) {
    let name = SegmentName.data(segment.head.number)
    let closing = segment.head.closing
    do {
      let end = try disk.open(name, .read).readAll(at: segment.tail.end, count: closing.count + 1)
      guard end != closing else { return }
      let file = try disk.open(name, .readWrite)
      try file.truncate(to: segment.tail.end)
      try file.writeAll(closing, at: segment.tail.end)
      try file.syncData()
    } catch { count("unclosed_segments", 1) }
  }
}
