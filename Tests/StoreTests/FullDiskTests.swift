import Glibc
import Media
import Store
import Synchronization
import Testing

/// Others have left no room, and what is no longer kept still goes.
@Suite struct FullDiskTests {
  private func append(_ store: RecordStore, _ window: Int64, _ source: String = "door") throws(StoreError) {
    let id = RecordID(source: source, epoch: 0, window: window)
    _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
  }

  private func segments(_ disk: MemoryDisk) -> Int { disk.allNames.count { $0.hasSuffix(".arrows") } }

  /// Many segments, and batches whose frame needs more room than the journal has.
  private func filled(_ disk: MemoryDisk, _ limits: StoreLimits) throws -> RecordStore {
    let store = try openStore(disk, limits)
    for window in 0..<Int64(200) {
      try append(store, window)
      _ = try store.sync()
    }
    var wide = limits
    wide.segmentBytes = 1 << 20
    store.change(wide)
    for number in 0..<20 { try append(store, 0, String(repeating: "x", count: 90) + "\(number)") }
    return store
  }

  private var limits: StoreLimits {
    var limits = StoreLimits.tiny
    limits.journalBytes = 8000
    return limits
  }

  @Test func batchesThatCannotBeWrittenDoNotHoldUpWhatIsToGo() throws {
    let disk = MemoryDisk()
    let store = try filled(disk, limits)
    disk.setRoom(0)
    #expect(throws: StoreError.self) { try store.sync() }
    disk.setRoom(0)
    var fewer = limits
    fewer.totalBytes = 3 * fewer.segmentBytes
    store.change(fewer)
    let before = segments(disk)
    #expect(throws: StoreError.self) { try store.sync() }
    #expect(before > 8 && segments(disk) < 6)
    disk.setRoom(MemoryDisk.plenty)
    while !store.isClean { _ = try store.sync() }
    #expect(try openStore(disk.afterKill()).durable == store.durable)
  }

  /// Where there is not all that it would like to have, and others take what it lets go.
  @Test(arguments: [300, 600, 1100])
  func theJournalKeepsSomeOfTheRoomThatIsLeft(_ left: Int) throws {
    let disk = MemoryDisk()
    let store = try filled(disk, limits)
    disk.setRoom(left)
    for _ in 0..<3 {
      #expect(throws: StoreError.self) { try store.sync() }
      disk.setRoom(0)
    }
    #expect(try store.reserveEpoch(of: "yard") == 0)
    #expect(try openStore(disk.afterKill()).nextEpoch(of: "yard") == 1)
  }

  /// Where one begins, not all that it would like to have is left.
  @Test func aNewJournalTakesTheRoomThatThereIs() throws {
    let disk = MemoryDisk()
    disk.setRoom(700)
    let store = try openStore(disk, limits)
    disk.setRoom(0)
    #expect(try store.reserveEpoch(of: "yard") == 0)
  }

  @Test func failuresDoNotAddUpInOneFrame() throws {
    let disk = MemoryDisk()
    var limits = StoreLimits(segmentBytes: 1200, journalBytes: 1 << 22, reserve: 0)
    let store = try openStore(disk, limits)
    for window in 0..<Int64(3000) {
      let id = RecordID(source: "door", epoch: 0, window: window)
      _ = try store.append([UInt8](repeating: 1, count: 1100), records: 1, ids: [id])
    }
    _ = try store.sync()
    let before = try #require(disk.content("journal")).count
    disk.fail { _, call in call == .write ? .error(ENOSPC) : nil }
    limits.totalBytes = 2000
    store.change(limits)
    for _ in 0..<4 { #expect(throws: StoreError.self) { try store.sync() } }
    disk.fail { _, _ in nil }
    _ = try store.sync()
    #expect(try #require(disk.content("journal")).count - before < 11_000)
    #expect(store.counters["store_expired_segments"] == 1000)
    while !store.isClean { _ = try store.sync() }
    #expect(store.counters["store_expired_segments"] == 2999)
  }

  /// A file system that needs room to let go of a file has none.
  @Test func whatCannotBeRemovedIsTriedAgain() throws {
    let disk = MemoryDisk()
    let store = try filled(disk, limits)
    while !store.isClean { _ = try store.sync() }
    disk.fail { _, call in call == .remove ? .error(ENOSPC) : nil }
    var fewer = limits
    fewer.totalBytes = 3 * fewer.segmentBytes
    store.change(fewer)
    while !store.isClean { _ = try store.sync() }
    let left = store.counters["store_leftover_files"]
    #expect(left > 16 && segments(disk) > 8)
    for _ in 0..<3 { _ = try store.sync() }
    #expect(store.counters["store_leftover_files"] == left)
    let tries = Mutex(0)
    disk.fail { _, call in
      guard call == .remove else { return nil }
      return tries.withLock { tries in
        defer { tries += 1 }
        return tries == 0 ? .error(ENOSPC) : nil
      }
    }
    for _ in 0..<2 { _ = try store.sync() }
    #expect(tries.withLock { $0 } == Int(left) + 1)
    #expect(segments(disk) < 6)
  }
}
