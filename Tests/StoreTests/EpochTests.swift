import Glibc
import Media
import Store
import Testing

/// Live sources come and go under ever new names, and no epoch of any is given twice.
@Suite struct EpochTests {
  private func limits(_ sources: Int, keep: Int = 1 << 40) -> StoreLimits {
    var limits = StoreLimits(segmentBytes: 1200, totalBytes: keep, journalBytes: 900, reserve: 0)
    limits.sources = sources
    return limits
  }

  private func append(_ store: RecordStore, _ source: String, _ epoch: Int32, _ window: Int64 = 0) throws(StoreError) {
    let id = RecordID(source: source, epoch: epoch, window: window)
    _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
  }

  /// One call after the other: each is known for as long as its records are not durable, and then forgotten.
  @Test(arguments: [1 << 40, 3000])
  func newNamesAreTakenForEver(_ keep: Int) throws {
    var disk = MemoryDisk()
    var given: [String: Int32] = [:]
    for run in 0..<4 {
      let store = try openStore(disk, limits(20, keep: keep))
      for number in 0..<100 {
        let name = "call-\((number * 7 + run) % 60)"
        let epoch = try store.reserveEpoch(of: name)
        #expect(epoch > given[name] ?? -1, "\(name) in run \(run)")
        given[name] = epoch
        for window in 0..<Int64(3) { try append(store, name, epoch, window) }
        _ = try store.sync()
        store.forget(name)
        #expect(store.sourceCount <= 20)
      }
      if keep < 1 << 20 { #expect(try #require(disk.content("journal")).count < 8000) }
      disk = disk.afterKill()
    }
    #expect(given.values.max() ?? 0 < 60)
    #expect(try openStore(disk).nextEpoch(of: "new") > 0)
  }

  /// They are known by their records, not by their reservations alone.
  @Test func namesThatHaveRecordsStay() throws {
    let store = try openStore(MemoryDisk(), limits(4))
    for number in 0..<4 { try append(store, "camera-\(number)", try store.reserveEpoch(of: "camera-\(number)")) }
    _ = try store.sync()
    for _ in 0..<2 {
      #expect(throws: StoreError.self) { try store.reserveEpoch(of: "new") }
      #expect(throws: StoreError.self) { try append(store, "new", 0) }
    }
    store.forget("camera-2")
    #expect(try store.reserveEpoch(of: "new") == 1)
    for number in [0, 1, 3] { #expect(store.last(of: "camera-\(number)") == Place(epoch: 0, window: 0)) }
    #expect(try store.reserveEpoch(of: "camera-1") == 1)
    #expect(store.nextEpoch(of: "camera-2") == 1)
  }

  /// A connection that goes on numbers its epochs itself.
  @Test func whatIsKnownGoesOnWhereItWas() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk, limits(2))
    try append(store, "camera", try store.reserveEpoch(of: "camera"))
    for _ in 0..<7 { _ = try store.reserveEpoch(of: "call") }
    #expect(try store.reserveEpoch(of: "other") == 7)
    _ = try store.sync()
    #expect(try openStore(disk.afterKill(), limits(2)).nextEpoch(of: "camera") >= 1)
    #expect(try store.reserveEpoch(of: "camera") == 1)
    #expect(try openStore(disk.afterKill(), limits(2)).nextEpoch(of: "camera") == 2)
    store.forget("camera")
    #expect(store.nextEpoch(of: "camera") == 7)
  }

  /// Also that of one which has records that are not durable yet, and whose name is asked for again.
  @Test func whatIsNotDurableYetDoesNotMatter() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk, limits(3))
    for _ in 0..<5 { _ = try store.reserveEpoch(of: "a") }
    for name in ["b", "c"] { _ = try store.reserveEpoch(of: name) }
    try append(store, "a", 4)
    #expect(try store.reserveEpoch(of: "d") == 1)
    _ = try store.sync()
    store.forget("a")
    #expect(try store.reserveEpoch(of: "e") == 1)
    #expect(try store.reserveEpoch(of: "f") >= 1)
    _ = try store.sync()
    for found in [store, try openStore(disk.afterKill(), limits(3))] {
      #expect(found.nextEpoch(of: "a") >= 5)
      #expect(found.sourceCount <= 3)
    }
  }

  @Test(arguments: [CrashTests.Ending.killed, .powerCut], [1 << 40, 3000])
  func noEpochIsGivenTwiceAfterAStopAtAnyCall(_ ending: CrashTests.Ending, _ keep: Int) throws {
    let limits = limits(5, keep: keep)
    for call in 0..<300 {
      var random = SplitMix(UInt64(call))
      let disk = MemoryDisk()
      disk.stop(at: call)
      var given: [String: Int32] = [:]
      try? live(disk, limits, &given, from: call)
      let after = ending == .killed ? disk.afterKill() : disk.afterPowerCut(&random)
      try live(after.afterKill(), limits, &given, from: 0)
      let store = try openStore(after, limits)
      #expect(store.counters["store_damaged_journals"] == 0)
    }
  }

  /// What is found may fail once more, and goes on.
  @Test(arguments: [EIO, ENOSPC])
  func noEpochIsGivenTwiceAfterAFailure(_ code: Int32) throws {
    for call in 0..<300 {
      let disk = MemoryDisk()
      disk.fail { n, _ in n == call ? .error(code) : nil }
      var given: [String: Int32] = [:]
      for from in 0..<4 { try? live(disk, limits(5), &given, from: from) }
      try live(disk.afterKill(), limits(5), &given, from: 2)
    }
  }

  private func live(
    _ disk: MemoryDisk, _ limits: StoreLimits, _ given: inout [String: Int32], from start: Int
  ) throws(StoreError) {
    let store = try openStore(disk, limits)
    for number in start..<start + 25 {
      let name = "call-\(number % 9)"
      let epoch = try store.reserveEpoch(of: name)
      #expect(epoch > given[name] ?? -1, "\(name)")
      given[name] = epoch
      // Some have no records, and some are not yet durable when the next comes.
      guard number % 3 > 0 else { continue }
      try append(store, name, epoch)
      guard number % 3 > 1 else { continue }
      _ = try store.sync()
      for each in 0..<9 { store.forget("call-\(each)") }
    }
    _ = try store.sync()
  }
}
