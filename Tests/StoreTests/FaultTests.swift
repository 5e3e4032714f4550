import Glibc
import Media
import Store
import Synchronization
import Testing

/// The disk fails, and the process goes on.
@Suite struct FaultTests {
  private func ids(_ windows: ClosedRange<Int64>) -> [RecordID] {
    windows.map { RecordID(source: "door", epoch: 0, window: $0) }
  }

  @discardableResult
  private func append(_ store: RecordStore, _ windows: ClosedRange<Int64>) throws(StoreError) -> Position {
    let ids = ids(windows)
    return try store.append(TestRecord.batch(ids), records: ids.count, ids: ids)
  }

  private func windows(_ store: RecordStore) throws -> [Int64] {
    var reader = store.reader()
    var windows: [Int64] = []
    while let batch = try reader.next() { windows += try #require(TestRecord.ids(batch.bytes)).map(\.place.window) }
    return windows
  }

  @Test func interruptionsAndShortWritesAreNotSeen() throws {
    let disk = MemoryDisk()
    disk.fail { n, _ in n % 3 == 0 ? .error(EINTR) : n % 3 == 1 ? .short : nil }
    let store = try openStore(disk)
    var caller = Caller(store, seed: 5)
    var witness = Witness()
    try caller.work(100, &witness)
    try caller.sync(&witness)
    try witness.check(store, disk)
    disk.fail { n, _ in n % 2 == 0 ? .error(EINTR) : nil }
    try witness.check(try openStore(disk.afterKill()), disk)
  }

  @Test func aFullDiskTakesNothingHalfAndGoesOnWhenThereIsRoom() throws {
    for room in 0..<900 {
      let disk = MemoryDisk()
      let store = try openStore(disk)
      disk.setRoom(room)
      var stored: Int64 = 0
      var isFull = false
      while !isFull {
        do {
          try append(store, stored...stored)
          _ = try store.sync()
        } catch .noRoom {
          isFull = true
          continue
        }
        stored += 1
      }
      let before = try windows(store)
      #expect(before == Array(0..<stored))
      disk.setRoom(MemoryDisk.plenty)
      if store.last(of: "door")?.window == stored {
        _ = try store.sync()
      } else {
        try append(store, stored...stored)
        _ = try store.sync()
      }
      #expect(try windows(store) == Array(0...stored), "room \(room)")
      let after = disk.afterKill()
      #expect(try windows(openStore(after)) == Array(0...stored), "room \(room)")
    }
  }

  @Test func roomIsKeptFreeForTheJournal() throws {
    let disk = MemoryDisk()
    disk.setRoom(10_000)
    var limits = StoreLimits.tiny
    limits.reserve = 9_950
    let store = try openStore(disk, limits)
    disk.setRoom(9_960)
    #expect(throws: StoreError.noRoom("append: 9960 bytes left on the disk, of which 9950 are kept free")) {
      try append(store, 0...0)
    }
    #expect(try store.reserveEpoch(of: "door") == 0)
  }

  /// Whoever else writes to the disk takes the reserve too.
  @Test func ofADiskOnWhichNotAByteIsLeftWhatIsNoLongerKeptIsDeleted() throws {
    let disk = MemoryDisk()
    var limits = StoreLimits.tiny
    limits.journalBytes = 8000
    let store = try openStore(disk, limits)
    var stored: Int64 = 0
    while disk.allNames.count(where: { $0.hasSuffix(".arrows") }) < 20 {
      try append(store, stored...stored)
      _ = try store.sync()
      stored += 1
    }
    disk.setRoom(0)
    #expect(throws: StoreError.noRoom("append: 0 bytes left on the disk, of which 0 are kept free")) {
      try append(store, stored...stored)
    }
    limits.totalBytes = 3 * limits.segmentBytes
    store.change(limits)
    while !store.isClean { _ = try store.sync() }
    #expect(disk.allNames.count { $0.hasSuffix(".arrows") } == 4)
    #expect(try windows(openStore(disk.afterKill())) == windows(store))
  }

  /// The journal is long, and beside it there is no room for a new one.
  @Test func onAFullDiskTheOldJournalGoesOn() throws {
    let disk = MemoryDisk()
    var limits = StoreLimits.tiny
    limits.journalBytes = 8000
    let store = try openStore(disk, limits)
    var epoch: Int32 = 0
    while try #require(disk.content("journal")).count < 8000 { epoch = try store.reserveEpoch(of: "door") }
    disk.setRoom(0)
    for next in epoch + 1..<epoch + 9 { #expect(try store.reserveEpoch(of: "door") == next) }
    #expect(try openStore(disk.afterKill()).nextEpoch(of: "door") == epoch + 9)
    disk.setRoom(MemoryDisk.plenty)
    #expect(try store.reserveEpoch(of: "door") == epoch + 9)
    #expect(try #require(disk.content("journal")).count < 8000)
  }

  /// A disk smaller than the reserve holds records too.
  @Test func ofASmallDiskASixteenthIsKeptFree() throws {
    let disk = MemoryDisk()
    disk.setSize(16_000)
    let store = try openStore(disk, StoreLimits(segmentBytes: 1200, journalBytes: 900, reserve: 64 << 20))
    #expect(store.room == nil)
    try store.lookAtRoom()
    #expect(store.room?.reserve == 1000)
    var stored: Int64 = 0
    let error = #expect(throws: StoreError.self) {
      while true {
        try append(store, stored...stored)
        _ = try store.sync()
        stored += 1
      }
    }
    guard case .noRoom = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(stored > 50)
    #expect(try #require(store.room).free < 1200)
    #expect(try store.reserveEpoch(of: "yard") == 0)
    #expect(try windows(openStore(disk.afterKill())) == Array(0..<stored))
  }

  /// After a failed sync the pages count as clean, and nobody knows which are on the disk.
  @Test func whatAFailedSyncLeavesOpenIsLostAndStoredAnew() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    try append(store, 0...1)
    let durable = try store.sync()
    try append(store, 2...3)
    disk.fail { n, call in n == 0 && call == .syncData ? .error(EIO) : nil }
    let error = #expect(throws: StoreError.self) { try store.sync() }
    guard case .lost = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(store.durable == durable)
    #expect(store.last(of: "door")?.window == 1)
    #expect(store.counters["store_lost_records"] == 2)
    let again = try append(store, 2...3)
    #expect(again.segment > durable.segment)
    _ = try store.sync()
    #expect(try windows(store) == [0, 1, 2, 3])
    var random = SplitMix(1)
    for _ in 0..<50 {
      let after = disk.afterPowerCut(&random)
      #expect(try windows(openStore(after)) == [0, 1, 2, 3])
    }
  }

  /// Else what came anew under the name would be taken for stored when it comes again.
  @Test func aFailedSyncDoesNotBringANameBack() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    try append(store, 0...5)
    _ = try store.sync()
    store.forget("door")
    try append(store, 0...2)
    disk.fail { n, call in n == 0 && call == .syncData ? .error(EIO) : nil }
    #expect(throws: StoreError.self) { try store.sync() }
    #expect(store.last(of: "door") == nil)
    try append(store, 0...2)
    _ = try store.sync()
    #expect(try windows(store) == [0, 1, 2, 3, 4, 5, 0, 1, 2])
    #expect(try openStore(disk.afterKill()).last(of: "door")?.window == 2)
  }

  /// One call fails, whichever, with whatever error; later the power is cut.
  @Test(arguments: [EIO, ENOSPC, EMFILE, EROFS])
  func aFailureOfAnyCallIsGotOver(_ code: Int32) throws {
    let whole = MemoryDisk()
    var ignored = Witness()
    var caller = Caller(try openStore(whole), seed: 21)
    try caller.work(100, &ignored)
    for failing in 0..<whole.calls {
      let disk = MemoryDisk()
      disk.fail { n, _ in n == failing ? .error(code) : nil }
      var witness = Witness()
      guard let store = try? openStore(disk) else { continue }
      var caller = Caller(store, seed: 21)
      for _ in 0..<100 { try? caller.work(1, &witness) }
      try caller.sync(&witness)
      try witness.check(store, disk)
      var random = SplitMix(UInt64(failing))
      let after = disk.afterPowerCut(&random)
      let found = try openStore(after)
      #expect(found.counters["store_damaged_segments"] == 0, "call \(failing)")
      try witness.check(found, after)
    }
  }

  /// A frame that was not synced may come back, as long as the journal is the old one: nothing that it names may be
  /// gone by then.
  @Test func aStopSoonAfterAFailedSyncLosesNothing() throws {
    let whole = MemoryDisk()
    let syncs = Mutex<[Int]>([])
    whole.fail { n, call in
      if call == .syncData || call == .syncNames { syncs.withLock { $0.append(n) } }
      return nil
    }
    var ignored = Witness()
    var caller = Caller(try openStore(whole), seed: 33)
    try caller.work(80, &ignored)
    for failing in syncs.withLock({ $0 }) {
      for stop in failing + 1...failing + 14 {
        let disk = MemoryDisk()
        disk.fail { n, _ in n == failing ? .error(EIO) : n >= stop ? .stop : nil }
        var witness = Witness()
        guard let store = try? openStore(disk) else { continue }
        var caller = Caller(store, seed: 33)
        while !disk.isStopped { try? caller.work(1, &witness) }
        var random = SplitMix(UInt64(stop))
        for _ in 0..<2 {
          let after = disk.afterPowerCut(&random)
          let found = try openStore(after)
          #expect(found.counters["store_damaged_segments"] == 0, "call \(failing), stopped at \(stop)")
          try witness.check(found, after)
        }
      }
    }
  }

  /// Failures at random, and at the end a power cut with anything lost that was not synced.
  @Test func manyFailuresAndThenAPowerCutLoseNothing() throws {
    for round in 0..<rounds / 8 {
      let disk = MemoryDisk()
      let seed = UInt64(round) << 20
      disk.fail { n, _ in
        var random = SplitMix(seed &+ UInt64(n))
        let codes = [EIO, ENOSPC, EINTR, EIO]
        return random.next() % 12 == 0 ? .error(codes[Int(random.next() % 4)]) : nil
      }
      var witness = Witness()
      guard let store = try? openStore(disk) else { continue }
      var caller = Caller(store, seed: seed)
      for _ in 0..<120 { try? caller.work(1, &witness) }
      var random = SplitMix(seed)
      for _ in 0..<3 {
        let after = disk.afterPowerCut(&random)
        let found = try openStore(after)
        #expect(found.counters["store_damaged_segments"] == 0, "round \(round)")
        try witness.check(found, after)
      }
      disk.fail { _, _ in nil }
      try caller.sync(&witness)
      try witness.check(store, disk)
    }
  }
}
