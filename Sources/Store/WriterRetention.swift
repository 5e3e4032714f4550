import Glibc
import System

/// What is no longer kept, and what cannot be read.
extension Writer {
  /// 2025, in seconds since 1970: a clock that shows less has not been set.
  private static let believable = 1_735_689_600
  private static let mostDue = 1000
  private static let mostLeftovers = 4096

  /// Nothing waits for a sync, and nothing is to be done by one.
  var isClean: Bool {
    let time = time()
    return staged.isEmpty && shelf.suspects.isEmpty && due(time).isEmpty
      && !(ahead.open.map { isToEnd($0, time) } ?? false)
  }

  /// Not held up by batches for which there is no room.
  mutating func commitDue(_ time: Int) throws(StoreError) {
    let entries = due(time)
    guard !entries.isEmpty else { return }
    try commitAhead(entries)
    isAnyForgettable = true
  }

  /// As much as fits into a frame for which the journal has room on a full disk.
  private func due(_ time: Int) -> [Entry] {
    let end = shelf.firstUnfinished
    let finished = ahead.finished.prefix { $0.head.number < end }
    return Array((undated(finished, time) + expired(finished, time)).prefix(Self.mostDue))
  }

  /// The age of a segment that was finished before the clock had been set counts from the first look by one that has.
  private func undated(_ finished: ArraySlice<FinishedSegment>, _ time: Int) -> [Entry] {
    guard time >= Self.believable else { return [] }
    return finished.filter { $0.tail.finishedAt < Self.believable }.map { .dated(segment: $0.head.number, time) }
  }

  /// Of segments that are durably finished, and of those that were put aside, the oldest that are beyond the limits.
  private func expired(_ finished: ArraySlice<FinishedSegment>, _ time: Int) -> [Entry] {
    let holes = shelf.holes.filter { [end = shelf.firstUnfinished] in $0.key < end }
    var kept = finished.map { Kept(number: $0.head.number, bytes: $0.size, finishedAt: $0.tail.finishedAt) }
    kept += holes.map { Kept(number: $0.key, bytes: $0.value.bytes, finishedAt: nil) }
    if !holes.isEmpty { kept.sort { $0.number < $1.number } }
    var bytes = holes.reduce(ahead.bytes) { $0 + $1.value.bytes }
    var count = ahead.finished.count + holes.count
    var entries: [Entry] = []
    var done = 0
    for (n, each) in kept.enumerated() {
      guard bytes > limits.totalBytes || count > limits.mostSegments || isOld(each, time) else {
        if each.finishedAt == nil { continue }
        break
      }
      // What was put aside before it goes with it.
      for gone in kept[done...n] { (bytes, count) = (bytes - gone.bytes, count - 1) }
      done = n + 1
      entries.append(each.removal)
    }
    return entries
  }

  private func isOld(_ kept: Kept, _ time: Int) -> Bool {
    guard let age = limits.age, let finishedAt = kept.finishedAt else { return false }
    return time - finishedAt >= age && (finishedAt >= Self.believable || time < Self.believable)
  }

  /// Also where no more records come, or nothing in it would ever be deleted.
  func isToEnd(_ open: OpenSegment, _ time: Int) -> Bool {
    shelf.suspects.contains(open.head.number)
      || !open.batches.isEmpty && time - open.head.openedAt >= limits.segmentAge
  }

  /// What stays is tried again with the next sync, or else removed at the next start.
  mutating func removeQuietly(_ name: String) {
    do { try removeIfThere(name) } catch {
      shelf.count("leftover_files")
      if leftovers.count < Self.mostLeftovers { leftovers.append(name) }
    }
  }

  /// Until one cannot be removed: it comes last the next time.
  mutating func removeLeftovers() {
    while let name = leftovers.first {
      leftovers.removeFirst()
      do { try removeIfThere(name) } catch {
        leftovers.append(name)
        return
      }
    }
  }

  /// Segments in which readers found damage: the open one is ended first.
  mutating func putAsideSuspects() throws(StoreError) {
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
      for name in SegmentName.files(number) {
        do { try disk.rename(name, to: name + SegmentName.damaged) } catch { if error.code != ENOENT { throw error } }
      }
      try disk.syncNames()
    } catch { throw StoreError("put aside segment \(number)", error) }
  }
}

/// A finished segment, or one that was put aside, as retention sees it.
private struct Kept {
  let number: Int
  let bytes: Int
  /// Nil where it was put aside.
  let finishedAt: Int?

  var removal: Entry {
    guard finishedAt == nil else { return .removed(segment: number, .expired) }
    return .began(next: number + 1, expired: Position(segment: number, offset: ByteReader.mostLength))
  }
}
