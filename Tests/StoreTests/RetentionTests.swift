import Media
import Store
import Testing

/// What is deleted, and when.
@Suite struct RetentionTests {
  private let first = "000000000001.arrows"
  /// 2027.
  private let today: Int64 = 1_800_000_000

  private func append(_ store: RecordStore, _ window: Int64) throws {
    let id = RecordID(source: "door", epoch: 0, window: window)
    _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
  }

  private func open(_ disk: MemoryDisk, _ clock: TestClock) throws -> RecordStore {
    var limits = StoreLimits.tiny
    (limits.segmentAge, limits.age) = (10, 100)
    return try RecordStore.open(disk, named: "records", .numbered(0), limits) { clock.now }
  }

  /// As the desk does between records.
  private func idle(_ store: RecordStore) throws {
    while !store.isClean { _ = try store.sync() }
  }

  @Test func aStoreToWhichNothingComesLetsGoOfWhatIsOldToo() throws {
    let clock = TestClock()
    let disk = MemoryDisk()
    let store = try open(disk, clock)
    try append(store, 0)
    _ = try store.sync()
    try idle(store)
    #expect(disk.content("000000000001.index") == nil)
    clock.now += 10
    #expect(!store.isClean)
    try idle(store)
    #expect(disk.content("000000000001.index") != nil, "ended by its age")
    clock.now += 99
    try idle(store)
    #expect(disk.content(first) != nil)
    clock.now += 1
    #expect(!store.isClean)
    try idle(store)
    #expect(disk.content(first) == nil)
    #expect(store.counters["store_expired_records"] == 1)
    try append(store, 1)
    _ = try store.sync()
    var reader = store.reader()
    #expect(try reader.next()?.position.segment == 2)
  }

  @Test func aRestartEndsNoSegmentThatIsNotOld() throws {
    let clock = TestClock()
    var disk = MemoryDisk()
    let store = try open(disk, clock)
    try append(store, 0)
    _ = try store.sync()
    for _ in 0..<5 {
      disk = disk.afterKill()
      try idle(try open(disk, clock))
      clock.now += 1
    }
    #expect(disk.allNames.filter { $0.hasSuffix(".arrows") } == [first])
  }

  /// The machine began in 1970, and its clock was set when the daemon ran already.
  @Test func whatWasEndedBeforeTheClockWasSetIsNotOld() throws {
    let clock = TestClock()
    let disk = MemoryDisk()
    let early = try open(disk, clock)
    try append(early, 0)
    clock.now += 10
    try append(early, 1)
    _ = try early.sync()
    clock.now = today
    let later = disk.afterKill()
    let kept = try open(later, clock)
    try idle(kept)
    #expect(kept.counters["store_expired_segments"] == 0)
    clock.now += 99
    let again = try open(later.afterKill(), clock)
    try idle(again)
    #expect(again.counters["store_expired_segments"] == 0)
    clock.now += 1
    try idle(again)
    #expect(again.counters["store_expired_segments"] == 2, "their age counts from when the clock was first right")
  }

  @Test func segmentsAreBoundedInNumber() throws {
    let disk = MemoryDisk()
    var limits = StoreLimits(segmentBytes: 1 << 20, totalBytes: 2 << 20, journalBytes: 900, reserve: 0)
    limits.segments = 5
    for window in 0..<40 {
      // Each start begins a segment.
      let store = try openStore(disk, limits)
      try append(store, Int64(window))
      _ = try store.sync()
    }
    #expect(disk.allNames.filter { $0.hasSuffix(".arrows") }.count == 6)
    let store = try openStore(disk, limits)
    #expect(store.durable.segment == 40)
    var reader = store.reader()
    #expect(try reader.next()?.position.segment == 35)
  }
}
