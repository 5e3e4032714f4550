import Glibc
import System

/// From one segment to the next.
extension Writer {
  /// Finishes the open segment, if there is one, and makes the next. Where there is no room for that, all is as it was.
  mutating func turnOver(_ time: Int) throws(StoreError) {
    let old = ahead.open
    let ended = try old.map { old throws(StoreError) in try ending(of: old, time) }
    let number = ahead.nextNumber
    let next = try begin(number, undoing: old)
    if let ended { stage(ended) }
    stage(
      .opened(
        SegmentHead(
          number: number, openingLength: layout.opening.count, openingChecksum: CRC32C.of(layout.opening),
          closing: layout.closing, configHash: layout.configHash, openedAt: time)))
    file = next
    isStranded = false
    (isFileDirty, areNamesDirty) = (true, true)
  }

  /// Finishes the open segment, and makes none.
  mutating func end(_ open: OpenSegment, _ time: Int) throws(StoreError) {
    stage(try ending(of: open, time))
    file = nil
    isStranded = false
    (isFileDirty, areNamesDirty) = (false, true)
  }

  /// Of the open segment, whose files are as they will stay. One in which nothing stands is removed.
  private mutating func ending(of open: OpenSegment, _ time: Int) throws(StoreError) -> Entry {
    guard !open.batches.isEmpty else { return .removed(segment: open.head.number, .empty) }
    let checksum = try finish(open)
    let tail = SegmentTail(
      end: open.end, batches: open.batches.count, records: open.records, indexChecksum: checksum, finishedAt: time)
    return .finished(segment: open.head.number, tail)
  }

  /// Writes the segment's end mark and its index; the checksum of the index.
  private mutating func finish(_ old: OpenSegment) throws(StoreError) -> UInt32 {
    if !isStranded { try close(old) }
    let index = SegmentIndex.bytes(old.batches)
    let name = SegmentName.index(old.head.number)
    do { try disk.open(name, .create).fill(index) } catch {
      throw giveUp("write \(name)", error) { writer throws(Errno) in try writer.reopen(old) }
    }
    return CRC32C.of(index)
  }

  private mutating func close(_ old: OpenSegment) throws(StoreError) {
    let name = SegmentName.data(old.head.number)
    let file: any DiskFile
    file = try openFile(name)
    do { try file.writeAll(old.head.closing, at: old.end) } catch {
      throw giveUp("write \(name)", error) { _ throws(Errno) in try file.truncate(to: old.end) }
    }
    do { try file.syncData() } catch { throw lose("write \(name)", error) }
  }

  /// Ends a segment that lost data behind its durable bytes, which are not touched. What cannot be done now recovery
  /// does at the next start.
  func closeStranded(_ segment: OpenSegment) {
    do {
      let file = try disk.open(SegmentName.data(segment.head.number), .readWrite)
      try file.truncate(to: segment.end)
      try file.writeAll(segment.head.closing, at: segment.end)
    } catch { shelf.count("unclosed_segments") }
  }

  private mutating func begin(_ number: Int, undoing old: OpenSegment?) throws(StoreError) -> any DiskFile {
    let name = SegmentName.data(number)
    do {
      let file = try disk.open(name, .create)
      try file.writeAll(layout.opening, at: 0)
      return file
    } catch {
      throw giveUp("make \(name)", error) { writer throws(Errno) in
        try writer.removeIfThere(name)
        if let old { try writer.reopen(old) }
      }
    }
  }

  /// Takes the end mark and the index away again.
  private func reopen(_ old: OpenSegment) throws(Errno) {
    try removeIfThere(SegmentName.index(old.head.number))
    if !isStranded { try file?.truncate(to: old.end) }
  }

  func removeIfThere(_ name: String) throws(Errno) {
    do { try disk.remove(name) } catch { if error.code != ENOENT { throw error } }
  }
}
