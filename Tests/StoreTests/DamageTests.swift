import Glibc
import Media
import Synchronization
import Testing

@testable import Store

/// Files that are not as they were written, though no crash makes them so.
@Suite struct DamageTests {
  private static let door = "door"

  /// Six batches of one record each, in segments of `perSegment` batches; the last is open.
  private func filled(_ count: Int = 6, perSegment: Int = 2) throws -> MemoryDisk {
    let disk = MemoryDisk()
    let store = try openStore(disk, StoreLimits(segmentBytes: 1 << 20, journalBytes: 1 << 20, reserve: 0))
    for number in 0..<count {
      if number % perSegment == 0 { try store.change(to: .numbered(number)) }
      let id = RecordID(source: Self.door, epoch: 0, window: Int64(number))
      _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
      _ = try store.sync()
    }
    return disk
  }

  private func open(_ disk: MemoryDisk) throws(StoreError) -> RecordStore {
    try openStore(disk, StoreLimits(segmentBytes: 1 << 20, journalBytes: 1 << 20, reserve: 0), .numbered(4))
  }

  /// The windows that are read, and where damage was told.
  private func read(_ store: RecordStore, from position: Position? = nil) throws -> ([Int64], [Position]) {
    var reader = store.reader(from: position)
    var windows: [Int64] = []
    var damage: [Position] = []
    while true {
      do throws(StoreError) {
        guard let batch = try reader.next() else { return (windows, damage) }
        windows += TestRecord.ids(batch.bytes)?.map(\.place.window) ?? [-1]
      } catch {
        guard case .damaged(let position, _) = error else { throw error }
        damage.append(position)
      }
    }
  }

  private func change(_ name: String, _ disk: MemoryDisk, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = try #require(disk.content(name))
    body(&bytes)
    disk.put(name, bytes)
  }

  private let first = "000000000001.arrows"
  private let last = "000000000003.arrows"

  @Test func aJournalCutAnywhereKeepsWhatItsWholeFramesSay() throws {
    let disk = try filled()
    let journal = try #require(disk.content("journal"))
    for length in JournalFrame.headerSize + 1..<journal.count {
      let cut = disk.afterKill()
      cut.put("journal", Array(journal.prefix(length)))
      let store = try open(cut)
      let (windows, damage) = try read(store)
      #expect(windows == Array(0..<Int64(windows.count)) && damage.isEmpty, "cut at \(length)")
      #expect(store.counters["store_damaged_journals"] == 0)
      #expect(store.last(of: Self.door)?.window == windows.last)
    }
  }

  @Test func anOpenSegmentCutAnywhereLosesOnlyWhatWasCut() throws {
    let disk = try filled()
    let bytes = try #require(disk.content(last))
    let fifth = TestRecord.batch([RecordID(source: Self.door, epoch: 0, window: 4)]).count
    let opening = StoreLayout.numbered(4).opening.count
    for length in opening..<bytes.count {
      let cut = disk.afterKill()
      cut.put(last, Array(bytes.prefix(length)))
      let store = try open(cut)
      let kept: Int64 = length < opening + fifth ? 4 : 5
      #expect(try read(store).0 == Array(0..<kept), "cut at \(length)")
      #expect(store.last(of: Self.door)?.window == kept - 1)
      #expect(store.counters["store_truncated_records"] == 6 - kept)
      let id = RecordID(source: Self.door, epoch: 0, window: kept)
      _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
      _ = try store.sync()
      #expect(try read(open(cut.afterKill())).0 == Array(0...kept))
    }
  }

  @Test func aFinishedSegmentThatIsTooShortIsPutAside() throws {
    let disk = try filled()
    try change(first, disk) { $0.removeLast(StoreLayout.numbered(0).closing.count + 1) }
    let store = try open(disk.afterKill())
    #expect(try read(store).0 == [2, 3, 4, 5])
    #expect(store.counters["store_damaged_segments"] == 1)
  }

  @Test func aBadFrameBeforeGoodOnesPutsItsSegmentAsideAndCutsNothing() throws {
    let disk = try filled()
    let frames = try #require(disk.content("journal"))
    // The frame of the first batch of the first segment.
    let frame = try #require(frames.indices.filter { frames[$0...].starts(with: JournalFrame.magic) }.dropFirst().first)
    try change("journal", disk) { $0[frame + 30] ^= 1 }
    let after = disk.afterKill()
    let segment = try #require(disk.content(first))
    let store = try open(after)
    #expect(try read(store).0 == [2, 3, 4, 5])
    #expect(store.counters["store_damaged_journals"] == 1)
    #expect(store.counters["store_damaged_segments"] == 1)
    #expect(after.content(first + ".damaged") == segment)
    #expect(after.content("journal.damaged") == disk.content("journal"))
    let again = try open(after.afterKill())
    #expect(try read(again).0 == [2, 3, 4, 5])
    #expect(again.counters["store_damaged_journals"] == 0)
  }

  /// In the open segment too: what the lost frame said may lie behind what is known.
  @Test func aBadFrameOfTheOpenSegmentPutsItAside() throws {
    let disk = try filled(7, perSegment: 7)
    let frames = try #require(disk.content("journal"))
    let starts = frames.indices.filter { frames[$0...].starts(with: JournalFrame.magic) }
    try change("journal", disk) { $0[starts[5] + 30] ^= 1 }
    let after = disk.afterKill()
    let store = try open(after)
    #expect(try read(store).0 == [])
    #expect(after.content(first + ".damaged") == disk.content(first))
    let id = RecordID(source: Self.door, epoch: 0, window: 7)
    #expect(try store.append(TestRecord.batch([id]), records: 1, ids: [id]).segment == 2)
  }

  @Test func withoutItsJournalEverySegmentIsPutAside() throws {
    for hostile in [nil, [], Array("TANDEMJ1".utf8), Array(repeating: 0xFF, count: 100)] as [[UInt8]?] {
      let disk = try filled()
      if let hostile { disk.put("journal", hostile) } else { disk.take("journal") }
      let store = try open(disk)
      #expect(try read(store).0 == [])
      #expect(store.counters["store_damaged_segments"] == 3)
      #expect(disk.content(last + ".damaged") != nil)
      let id = RecordID(source: Self.door, epoch: 0, window: 0)
      #expect(try store.append(TestRecord.batch([id]), records: 1, ids: [id]).segment == 4)
    }
  }

  @Test func aBatchThatIsNotWhatWasStoredIsNeverGiven() throws {
    let disk = try filled()
    let start = StoreLayout.numbered(0).opening.count
    try change(first, disk) { $0[start + 3] ^= 1 }
    let after = disk.afterKill()
    let store = try open(after)
    let (windows, damage) = try read(store)
    #expect(windows == [1, 2, 3, 4, 5])
    #expect(damage == [Position(segment: 1, offset: start)])
    _ = try store.sync()
    #expect(after.content(first + ".damaged") != nil)
    #expect(store.counters["store_damaged_records"] == 2)
    #expect(try read(store).0 == [2, 3, 4, 5])
    #expect(try read(open(after.afterKill())).0 == [2, 3, 4, 5])
  }

  @Test func damageInTheMiddleOfTheOpenSegmentPutsItAside() throws {
    let disk = try filled()
    try change(last, disk) { $0[StoreLayout.numbered(4).opening.count + 2] ^= 1 }
    let bytes = disk.content(last)
    let after = disk.afterKill()
    let store = try open(after)
    #expect(try read(store).0 == [0, 1, 2, 3])
    #expect(after.content(last + ".damaged") == bytes)
  }

  @Test(arguments: [false, true])
  func damageFoundByAReaderInTheOpenSegmentEndsIt(_ isIdle: Bool) throws {
    let disk = MemoryDisk()
    let store = try open(disk)
    func append(_ window: Int64) throws -> Position {
      let id = RecordID(source: Self.door, epoch: 0, window: window)
      return try store.append(TestRecord.batch([id]), records: 1, ids: [id])
    }
    for window in Int64(0)..<3 { _ = try append(window) }
    _ = try store.sync()
    try change(first, disk) { $0[StoreLayout.numbered(4).opening.count + 3] ^= 1 }
    #expect(try read(store).0 == [1, 2])
    if !isIdle { #expect(try append(3).segment == 2) }
    while !store.isClean { _ = try store.sync() }
    #expect(disk.content(first + ".damaged") != nil)
    #expect(try read(store).0 == (isIdle ? [] : [3]))
    #expect(try append(4).segment == 2)
  }

  /// Every read in its turn: of openings, indices and batches.
  @Test func whatTheDiskCannotReadIsToldAndPutAsideAndTheReaderGoesOn() throws {
    for failing in 0..<12 {
      let disk = try filled()
      let store = try open(disk)
      let reads = Mutex(0)
      disk.fail { _, call in
        guard call == .read else { return nil }
        return reads.withLock { reads in
          defer { reads += 1 }
          return reads == failing ? .error(EIO) : nil
        }
      }
      let (windows, damage) = try read(store)
      #expect(damage.count == (failing < reads.withLock { $0 } ? 1 : 0))
      #expect(windows.count >= 4 && windows == windows.sorted())
      guard let place = damage.first else { continue }
      while !store.isClean { _ = try store.sync() }
      #expect(disk.content("00000000000\(place.segment).arrows.damaged") != nil)
      #expect(store.counters["store_damaged_segments"] == 1)
    }
  }

  @Test func wantOfDescriptorsIsNoDamage() throws {
    let disk = try filled()
    let store = try open(disk)
    for _ in 0..<3 {
      disk.fail { _, _ in .error(EMFILE) }
      var reader = store.reader()
      #expect(throws: StoreError.self) { try reader.next() }
      disk.fail { _, _ in nil }
      #expect(try reader.next()?.position.segment == 1)
    }
    #expect(try read(store) == ([0, 1, 2, 3, 4, 5], []))
    #expect(store.isClean && store.counters["store_damage_told"] == 0)
  }

  /// It is read when somebody wants it, and found to be damaged or not then.
  @Test(arguments: [EIO, EUCLEAN, EBADMSG], [MemoryDisk.Call.open, .read, .size, .truncate])
  func aSegmentThatCannotBeReadDoesNotKeepTheStoreClosed(_ code: Int32, _ call: MemoryDisk.Call) throws {
    let disk = try filled()
    try change(last, disk) { $0 += Array("torn".utf8) }
    let trial = disk.afterKill()
    let calls = Mutex<[Int]>([])
    trial.fail { n, each in
      if each == call { calls.withLock { $0.append(n) } }
      return nil
    }
    _ = try open(trial)
    // The first is the journal's.
    let ofSegments = calls.withLock { call == .truncate ? $0[...] : $0.dropFirst() }
    try #require(ofSegments.count == [.open: 6, .read: 7, .size: 4, .truncate: 1][call])
    for failing in ofSegments {
      let after = disk.afterKill()
      after.fail { n, _ in n == failing ? .error(code) : nil }
      let store = try open(after)
      let damaged = store.counters["store_damaged_segments"]
      #expect(store.counters["store_unclosed_segments"] + damaged == 1)
      #expect(try read(store).0.count == (damaged == 0 ? 6 : 4))
    }
  }

  /// The disk does not let go of what a crash left behind the last batch.
  @Test func whatCannotBeCutIsNeverRead() throws {
    let disk = try filled()
    try change(last, disk) { $0 += Array("torn".utf8) }
    let failing = disk.afterKill()
    failing.fail { _, call in call == .truncate ? .error(EIO) : nil }
    let store = try open(failing)
    let id = RecordID(source: Self.door, epoch: 0, window: 6)
    _ = try store.append(TestRecord.batch([id]), records: 1, ids: [id])
    _ = try store.sync()
    #expect(try read(store).0 == [0, 1, 2, 3, 4, 5, 6])
    let later = failing.afterKill()
    #expect(try read(open(later)).0 == [0, 1, 2, 3, 4, 5, 6])
    let whole = try #require(disk.content(last)).dropLast(4) + StoreLayout.numbered(4).closing
    #expect(later.content(last) == Array(whole))
  }

  @Test func aSegmentWithoutItsEndMarkIsOpenedOnAFullDisk() throws {
    let disk = try filled()
    try change(first, disk) { $0.removeLast(StoreLayout.numbered(0).closing.count) }
    disk.setRoom(0)
    let store = try open(disk)
    #expect(try read(store).0 == [0, 1, 2, 3, 4, 5])
    #expect(store.counters["store_unclosed_segments"] == 1)
    let later = disk.afterKill()
    later.setRoom(100)
    #expect(try open(later).counters["store_unclosed_segments"] == 0)
    #expect(try #require(later.content(first)).suffix(4) == StoreLayout.numbered(0).closing.suffix(4))
  }

  /// In the run that put it aside and in later ones: for as long as what was put aside lies there.
  @Test func whoIsOnHisWayLearnsOfASegmentThatWasPutAside() throws {
    let disk = try filled()
    let start = StoreLayout.numbered(2).opening.count
    try change("000000000002.arrows", disk) { $0[start + 3] ^= 1 }
    let store = try open(disk)
    var onItsWay = store.reader()
    #expect(try onItsWay.next()?.position.segment == 1)
    let before = onItsWay.position
    #expect(try read(store).1 == [Position(segment: 2, offset: start)])
    let end = try #require(try lastBatch(of: 2, store)).next
    _ = try store.sync()
    #expect(disk.content("000000000002.arrows.damaged") != nil)
    #expect(throws: StoreError.damaged(Position(segment: 2, offset: 0), records: 2)) {
      while try onItsWay.next() != nil {}
    }
    #expect(try read(store).0 == [0, 1, 4, 5])
    #expect(try read(store).1 == [Position(segment: 2, offset: 0)])
    // It had all of it before.
    #expect(try read(store, from: end).1 == [])
    #expect(store.counters["store_damage_told"] == 5)

    let again = try open(disk.afterKill())
    #expect(try read(again, from: before).1 == [Position(segment: 2, offset: 0)])
    let middle = Position(segment: 2, offset: start + 1)
    #expect(try read(again, from: middle) == ([4, 5], [middle]))
    var reader = again.reader(from: before)
    #expect(throws: StoreError.damaged(Position(segment: 2, offset: 0), records: 0)) {
      while try reader.next() != nil {}
    }
    disk.take("000000000002.arrows.damaged")
    disk.take("000000000002.index.damaged")
    #expect(try read(open(disk.afterKill())) == ([0, 1, 4, 5], []))
  }

  private func lastBatch(of segment: Int, _ store: RecordStore) throws -> StoredBatch? {
    var reader = store.reader(from: Position(segment: segment, offset: 0))
    var last: StoredBatch?
    while true {
      do throws(StoreError) {
        guard let batch = try reader.next(), batch.position.segment == segment else { return last }
        last = batch
      } catch { guard case .damaged = error else { throw error } }
    }
  }

  @Test(arguments: ["000000000001.index", "000000000001.arrows"])
  func aMissingFileIsDamage(_ name: String) throws {
    let disk = try filled()
    disk.take(name)
    let store = try open(disk.afterKill())
    #expect(try read(store).0 == [2, 3, 4, 5])
    let living = try filled()
    let writer = try open(living)
    living.take(name)
    let (windows, damage) = try read(writer)
    #expect(windows == [2, 3, 4, 5])
    #expect(damage == [Position(segment: 1, offset: 0)])
  }

  @Test func hostileJournalsNeverTrap() throws {
    let disk = try filled()
    let journal = try #require(disk.content("journal"))
    var random = SplitMix(9)
    for round in 0..<rounds {
      var bytes = journal
      for _ in 0...random.next() % 4 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() % 256) }
      if round % 3 == 0 { bytes = resealed(bytes) }
      let after = disk.afterKill()
      after.put("journal", bytes)
      let store = try open(after)
      _ = try read(store)
      let id = RecordID(source: "new", epoch: 0, window: 0)
      _ = try? store.append(TestRecord.batch([id]), records: 1, ids: [id])
      _ = try? store.sync()
      _ = try? store.reserveEpoch(of: Self.door)
      _ = try read(store)
    }
  }

  /// With checksums that fit whatever the frames say.
  private func resealed(_ journal: [UInt8]) -> [UInt8] {
    var bytes = journal
    var reader = ByteReader(bytes[8...])
    guard let salt = try? reader.integer(UInt64.self) else { return bytes }
    bytes.replaceSubrange(0..<JournalFrame.headerSize, with: JournalFrame.header(salt: salt))
    for start in journal.indices where journal[start...].starts(with: JournalFrame.magic) {
      var fields = ByteReader(bytes[(start + 4)...])
      guard let length = try? fields.integer(UInt32.self), start + JournalFrame.size + Int(length) <= bytes.count else {
        continue
      }
      let payload = bytes[start + JournalFrame.size..<start + JournalFrame.size + Int(length)]
      var checksum: [UInt8] = []
      checksum.append(JournalFrame.checksum(salt, bytes[start + 4..<start + 16], payload))
      bytes.replaceSubrange(start + 16..<start + 20, with: checksum)
    }
    return bytes
  }

  @Test func bytesMadeForTheSearchOfFramesDoNotTakeLong() throws {
    let salt: UInt64 = 5
    var bytes = JournalFrame.header(salt: salt)
    for index in 0..<20_000 {
      bytes += JournalFrame.magic
      bytes.append(UInt32(20 * (19_999 - index)))
      bytes.append(UInt64(index + 1))
      bytes.append(UInt32(0))
    }
    let contents = try #require(JournalContents(bytes))
    #expect(contents.entries.isEmpty && contents.gaps == 1)
  }
}
