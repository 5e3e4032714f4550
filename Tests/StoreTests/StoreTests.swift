import Media
import Store
import Testing

/// What the store does when nothing goes wrong.
@Suite struct StoreTests {
  private func id(_ window: Int64, epoch: Int32 = 0, _ source: String = "door") -> RecordID {
    RecordID(source: source, epoch: epoch, window: window)
  }

  @discardableResult
  private func append(_ store: RecordStore, _ ids: RecordID...) throws(StoreError) -> Position {
    try store.append(TestRecord.batch(ids), records: ids.count, ids: ids)
  }

  private func ids(_ reader: inout StoreReader) throws -> [RecordID] {
    var ids: [RecordID] = []
    while let batch = try reader.next() { ids += try #require(TestRecord.ids(batch.bytes)) }
    return ids
  }

  @Test func onlyWhatIsSyncedIsRead() throws {
    let store = try openStore(MemoryDisk())
    var reader = store.reader()
    try append(store, id(0), id(1))
    #expect(try reader.next() == nil)
    #expect(store.durable < store.end)
    #expect(try store.sync() == store.end)
    #expect(try ids(&reader) == [id(0), id(1)])
    try append(store, id(2))
    #expect(try reader.next() == nil)
    _ = try store.sync()
    #expect(try ids(&reader) == [id(2)])
    #expect(store.counters["store_records"] == 3)
  }

  @Test func aRecordIsStoredOnce() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    try append(store, id(0), id(1), id(0, "yard"))
    for repeated in [id(0), id(1), id(0, "yard")] {
      #expect(throws: StoreError.repeated(1)) { try append(store, id(1, "yard"), repeated) }
    }
    #expect(throws: StoreError.repeated(1)) { try append(store, id(3), id(2)) }
    #expect(store.last(of: "yard") == Place(epoch: 0, window: 0))
    #expect(store.counters["store_repeated_records"] == 4)
    _ = try store.sync()
    let again = try openStore(disk.afterKill())
    #expect(throws: StoreError.repeated(2)) { try append(again, id(0), id(1)) }
    try append(again, id(0, epoch: 1))
    #expect(again.last(of: "door") == Place(epoch: 1, window: 0))
    #expect(again.last(of: "street") == nil)
  }

  @Test func recordsWithoutAPlaceAreCountedToo() throws {
    let store = try openStore(MemoryDisk())
    _ = try store.append(TestRecord.batch([id(0)]), records: 5, ids: [])
    _ = try store.sync()
    var reader = store.reader()
    #expect(try reader.next()?.records == 5)
  }

  @Test func whatIsBeyondTheLimitsIsRefused() throws {
    var limits = StoreLimits.tiny
    (limits.batchBytes, limits.sources, limits.nameBytes) = (300, 2, 10)
    let store = try openStore(MemoryDisk(), limits)
    let refused: [([UInt8], Int, [RecordID])] = [
      ([], 1, [id(0)]), ([UInt8](repeating: 1, count: 301), 1, [id(0)]), ([1], 0, [id(0)]),
      ([1], 1, [id(0, "a name of more than ten bytes")]), ([1], 3, [id(0, "a"), id(0, "b"), id(0, "c")]),
    ]
    for (batch, records, ids) in refused {
      let error = #expect(throws: StoreError.self) { try store.append(batch, records: records, ids: ids) }
      #expect(error?.exitCode == 64)
    }
    _ = try store.reserveEpoch(of: "a")
    _ = try store.reserveEpoch(of: "b")
    #expect(throws: StoreError.self) { try store.reserveEpoch(of: "c") }
    #expect(store.end == store.durable)
  }

  @Test func epochsAreGivenOnce() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    #expect(try store.reserveEpoch(of: "door") == 0)
    #expect(try store.reserveEpoch(of: "door") == 1)
    #expect(try store.reserveEpoch(of: "door", atLeast: 7) == 7)
    try append(store, id(4, epoch: 9))
    #expect(store.nextEpoch(of: "door") == 10 && store.nextEpoch(of: "yard") == 0)
    #expect(try store.reserveEpoch(of: "door") == 10)
    var random = SplitMix(2)
    let after = try openStore(disk.afterPowerCut(&random))
    #expect(after.last(of: "door") == nil)
    #expect(try after.reserveEpoch(of: "door") == 11)
    #expect(try after.reserveEpoch(of: "yard", atLeast: .max - 1) == .max - 1)
    #expect(throws: StoreError.limit("reserve: no epoch is left")) { try after.reserveEpoch(of: "yard") }
  }

  @Test func segmentsAreTurnedBySizeAgeAndLayout() throws {
    let clock = TestClock()
    let disk = MemoryDisk()
    var limits = StoreLimits.tiny
    limits.segmentAge = 60
    let store = try RecordStore.open(disk, named: "records", .numbered(0), limits) { clock.now }
    #expect(try append(store, id(0)).segment == 1)
    clock.now += 59
    #expect(try append(store, id(1)).segment == 1)
    clock.now += 1
    #expect(try append(store, id(2)).segment == 2)
    try store.change(to: .numbered(1))
    #expect(try append(store, id(3)).segment == 3)
    _ = try store.append([UInt8](repeating: 1, count: 2000), records: 1, ids: [])
    #expect(store.end.segment == 4)
    #expect(try append(store, id(4)).segment == 5)
    _ = try store.sync()
    var reader = store.reader()
    var layouts: [StoreLayout] = []
    while let batch = try reader.next() { layouts.append(batch.layout) }
    #expect(layouts == [0, 0, 0, 1, 1, 1].map { .numbered($0) })
    let other = try openStore(disk.afterKill(), limits, .numbered(1), now: clock.now)
    // A start begins a new one, for positions in the old one may have been heard that are not durable.
    #expect(try append(other, id(5)).segment == 6)
    #expect(try append(other, id(6)).segment == 6)
    let third = try openStore(disk.afterKill(), limits, .numbered(2), now: clock.now)
    #expect(try append(third, id(5)).segment == 6)
  }

  @Test func aReaderGoesOnWhereAnotherStopped() throws {
    let store = try openStore(MemoryDisk())
    for window in 0..<40 { try append(store, id(Int64(window))) }
    _ = try store.sync()
    #expect(store.end.segment > 3)
    var reader = store.reader()
    var seen = 0
    while let batch = try reader.next() {
      seen += 1
      let text = try #require(Position(batch.next.description))
      var other = store.reader(from: text)
      #expect(try ids(&other) == (seen..<40).map { id(Int64($0)) })
      var same = store.reader(from: batch.position)
      #expect(try same.next() == batch)
    }
    #expect(seen == 40)
    #expect(reader.position == store.durable)
  }

  @Test func theOldestSegmentsAreDeletedAndReadersToldSo() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk, .tight)
    try append(store, id(0))
    _ = try store.sync()
    var slow = store.reader()
    #expect(try slow.next()?.position.segment == 1)
    for window in 1..<100 {
      try append(store, id(Int64(window)))
      _ = try store.sync()
    }
    #expect(disk.content("000000000001.arrows") == nil)
    #expect(store.counters["store_expired_segments"] > 2)
    // The segment it is in lives on for the reader that has it open.
    var read: [RecordID] = []
    let error = #expect(throws: StoreError.self) {
      while let batch = try slow.next() { read += TestRecord.ids(batch.bytes) ?? [] }
    }
    guard case .expired(let oldest) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let first = try #require(try slow.next())
    #expect(first.position >= oldest)
    let rest = try ids(&slow)
    #expect(rest.last == id(99))
    #expect(throws: StoreError.expired(oldest: oldest)) {
      var late = store.reader(from: Position(segment: 1, offset: 0))
      _ = try late.next()
    }
    let kept = (store.counters["store_records"], store.counters["store_expired_records"])
    var all = store.reader()
    #expect(Int64(try ids(&all).count) == kept.0 - kept.1)
    #expect(disk.allNames.filter { $0.hasSuffix(".arrows") }.count <= 6)
  }

  @Test func segmentsAreDeletedByAge() throws {
    let clock = TestClock()
    let disk = MemoryDisk()
    var limits = StoreLimits.tiny
    (limits.segmentAge, limits.age) = (10, 100)
    let store = try RecordStore.open(disk, named: "records", .numbered(0), limits) { clock.now }
    try append(store, id(0))
    clock.now += 10
    try append(store, id(1))
    _ = try store.sync()
    clock.now += 99
    _ = try store.sync()
    #expect(disk.content("000000000001.arrows") != nil)
    clock.now += 1
    _ = try store.sync()
    #expect(disk.content("000000000001.arrows") == nil)
    #expect(disk.content("000000000001.index") == nil)
    #expect(store.last(of: "door") == Place(epoch: 0, window: 1))
  }

  /// So that the number of sources that a store knows is bounded by what it keeps.
  @Test func aSourceOfWhichNothingIsKeptIsForgotten() throws {
    let store = try openStore(MemoryDisk(), .tight)
    try append(store, id(0, "file"), id(0, "camera"))
    _ = try store.reserveEpoch(of: "camera")
    for window in 0..<100 { try append(store, id(Int64(window))) }
    _ = try store.sync()
    #expect(store.last(of: "file") == nil)
    #expect(store.last(of: "camera") == Place(epoch: 0, window: 0))
  }

  @Test func aSourceThatIsForgottenBeginsAnewAndItsRecordsStay() throws {
    let disk = MemoryDisk()
    var limits = StoreLimits.tiny
    limits.sources = 2
    let store = try openStore(disk, limits)
    for name in 0..<50 {
      try append(store, id(0, "camera/\(name)"), id(1, "camera/\(name)"))
      #expect(!store.forget("camera/\(name)"), "not durable")
      _ = try store.sync()
      #expect(store.forget("camera/\(name)") && !store.isClean)
      #expect(store.last(of: "camera/\(name)") == nil)
    }
    try append(store, id(0, "camera/0"))
    _ = try store.sync()
    #expect(store.sourceCount == 1)
    let again = try openStore(disk.afterKill(), limits)
    #expect(again.sourceCount == 1)
    #expect(again.last(of: "camera/0") == Place(epoch: 0, window: 0))
    var reader = again.reader()
    let expected = (0..<50).flatMap { [id(0, "camera/\($0)"), id(1, "camera/\($0)")] } + [id(0, "camera/0")]
    #expect(try ids(&reader) == expected)
  }

  /// The journal that is written anew holds batches that still name it.
  @Test func aForgottenSourceDoesNotComeBackWithTheJournal() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk, StoreLimits(segmentBytes: 1 << 20, journalBytes: 900, reserve: 0))
    try append(store, id(7, "film"))
    _ = try store.sync()
    store.forget("film")
    for window in 0..<60 {
      try append(store, id(Int64(window)))
      _ = try store.sync()
    }
    let again = try openStore(disk.afterKill())
    #expect(again.durable.segment == 1)
    #expect(again.last(of: "film") == nil)
    #expect(again.last(of: "door") == Place(epoch: 0, window: 59))
  }

  @Test func aCrashBeforeTheSyncKeepsTheName() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    try append(store, id(3, "film"))
    _ = try store.sync()
    store.forget("film")
    #expect(try openStore(disk.afterKill()).last(of: "film") == Place(epoch: 0, window: 3))
    _ = try store.sync()
    #expect(try openStore(disk.afterKill()).last(of: "film") == nil)
  }

  @Test func epochsStayGivenWhenTheirSourceIsForgotten() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    #expect(try store.reserveEpoch(of: "door") == 0)
    try append(store, id(0))
    _ = try store.sync()
    store.forget("door")
    store.forget("door")
    store.forget("nobody")
    _ = try store.sync()
    let again = try openStore(disk.afterKill())
    #expect(again.last(of: "door") == nil)
    #expect(try again.reserveEpoch(of: "door") == 1)
  }

  @Test func aSecondOwnerIsRefusedByTheNameOfTheFirst() throws {
    let disk = MemoryDisk()
    var store: RecordStore? = try openStore(disk)
    try append(try #require(store), id(0))
    let error = #expect(throws: StoreError.owned("open records: in use by process 4711")) { try openStore(disk) }
    #expect(error?.exitCode == 74)
    store = nil
    _ = try openStore(disk)
  }

  @Test func positionsAreText() {
    #expect(Position(segment: 12, offset: 34567).description == "12:34567")
    #expect(Position("12:34567") == Position(segment: 12, offset: 34567))
    for text in ["", ":", "1", "1:", ":1", "1:2:3", "-1:2", "+1:2", " 1:2", "1:2 ", "1:99999999999999999999", "a:b"] {
      #expect(Position(text) == nil, "\(text)")
    }
    #expect(Position(segment: 1, offset: 9) < Position(segment: 2, offset: 0))
  }
}
