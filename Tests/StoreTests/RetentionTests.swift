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

  /// Twelve segments, and then no journal that says what is in them.
  private func putAside(_ limits: StoreLimits) throws -> MemoryDisk {
    let disk = MemoryDisk()
    let store = try openStore(disk, limits)
    while store.durable.segment < 12 {
      try append(store, (store.last(of: "door")?.window ?? -1) + 1)
      _ = try store.sync()
    }
    disk.take("journal")
    return disk.afterKill()
  }

  private func aside(_ disk: MemoryDisk) -> Int { disk.allNames.count { $0.hasSuffix(".arrows.damaged") } }

  /// As much of it as new records need room for, and no new ones for its sake.
  @Test func whatWasPutAsideGoesBeforeWhatCameLater() throws {
    var limits = StoreLimits.tiny
    limits.totalBytes = 14_000
    let disk = try putAside(limits)
    let store = try openStore(disk, limits)
    #expect(aside(disk) == 12)
    var reader = store.reader(from: Position(segment: 1, offset: 0))
    #expect(throws: StoreError.damaged(Position(segment: 1, offset: 0), records: 0)) { try reader.next() }
    for window in 0..<Int64(60) {
      try append(store, window)
      try idle(store)
      let bytes = disk.allNames.reduce(0) { $0 + ($1.contains(".arrows") ? disk.content($1)?.count ?? 0 : 0) }
      #expect(bytes <= 15_200)
    }
    #expect(aside(disk) > 2 && aside(disk) < 9)
    #expect(store.counters["store_expired_records"] == 0)
    let oldest = 13 - aside(disk)
    for found in [store, try openStore(disk.afterKill(), limits)] {
      let first = Position(segment: 13, offset: 0)
      var late = found.reader(from: Position(segment: oldest - 1, offset: 9))
      #expect(throws: StoreError.expired(oldest: first)) { try late.next() }
      #expect(try late.next() != nil)
      let place = Position(segment: oldest, offset: 0)
      var reader = found.reader(from: place)
      #expect(throws: StoreError.damaged(place, records: 0)) { try reader.next() }
    }
    for window in 60..<Int64(300) {
      try append(store, window)
      try idle(store)
    }
    #expect(aside(disk) == 0 && !disk.allNames.contains { $0.hasSuffix(".index.damaged") })
    var rest = store.reader()
    #expect(try rest.next() != nil)
  }

  @Test func whatWasPutAsideGoesWithWhatCameLater() throws {
    let clock = TestClock()
    let disk = MemoryDisk()
    let store = try open(disk, clock)
    for window in 0..<Int64(4) {
      try append(store, window)
      clock.now += 10
      try idle(store)
    }
    let name = "000000000002.arrows"
    var bytes = try #require(disk.content(name))
    bytes[bytes.count / 2] ^= 1
    disk.put(name, bytes)
    var reader = store.reader(from: Position(segment: 2, offset: 0))
    #expect(throws: StoreError.self) { try reader.next() }
    try idle(store)
    #expect(aside(disk) == 1)
    clock.now += 75
    try idle(store)
    #expect(disk.content(first) == nil && aside(disk) == 1)
    let before = disk.afterKill()
    clock.now += 15
    try idle(store)
    #expect(disk.content("000000000003.arrows") == nil && aside(disk) == 0)
    // The power was cut before its files went.
    let cut = disk.afterKill()
    for name in before.allNames where name.hasSuffix(".damaged") { cut.put(name, before.content(name) ?? []) }
    #expect(aside(cut) == 1)
    #expect(try open(cut, clock).counters["store_damaged_segments"] == 0)
    #expect(aside(cut) == 0)
  }

  @Test(arguments: [false, true])
  func aStopWhileWhatWasPutAsideGoesLosesNothing(_ isPowerCut: Bool) throws {
    var limits = StoreLimits.tiny
    limits.totalBytes = 14_000
    let disk = try putAside(limits)
    for call in 0..<420 {
      var random = SplitMix(UInt64(call))
      let stopping = disk.afterKill()
      stopping.stop(at: call)
      var witness = Witness()
      if let store = try? openStore(stopping, limits) {
        var caller = Caller(store, seed: 7)
        try? caller.work(120, &witness)
      }
      let after = isPowerCut ? stopping.afterPowerCut(&random) : stopping.afterKill()
      let found = try openStore(after, limits)
      #expect(aside(after) <= 12)
      try witness.check(found, after, isWhole: false)
    }
  }

  /// All sources are looked at once, not once for each segment.
  @Test func manySegmentsOfManySourcesDoNotTakeLong() throws {
    let disk = MemoryDisk()
    var limits = StoreLimits(segmentBytes: 1200, journalBytes: 1 << 30, reserve: 0)
    let store = try openStore(disk, limits)
    for window in 0..<Int64(3000) {
      let id = RecordID(source: "door", epoch: 0, window: window)
      _ = try store.append([UInt8](repeating: 1, count: 1100), records: 1, ids: [id])
    }
    _ = try store.sync()
    limits.segmentBytes = 1 << 30
    store.change(limits)
    for block in 0..<110 {
      let ids = (0..<1000).map { RecordID(source: "files/\(block)/\($0)", epoch: 0, window: 0) }
      _ = try store.append([1], records: ids.count, ids: ids)
    }
    _ = try store.sync()
    let before = disk.afterKill()
    limits.totalBytes = 100
    store.change(limits)
    let clock = ContinuousClock()
    #expect(try clock.measure { try idle(store) } < .seconds(1))
    #expect(store.counters["store_expired_segments"] == 2999 && store.sourceCount == 110_001)
    let later = try openStore(disk.afterKill(), limits)
    #expect(later.sourceCount == 110_001)
    _ = try openStore(before, limits)
  }
}
