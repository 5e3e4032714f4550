import Glibc
import Media
import Store
import Testing

/// Records are heard before they are durable. Whoever goes on from what was heard last misses nothing, whatever became
/// of it.
@Suite struct ResumeTests {
  enum Ending { case killed, powerCut, asked }

  /// Heard all that was appended up to a position.
  private struct Listener {
    let position: Position
    let heard: Set<RecordID>
  }

  private func id(_ window: Int64, epoch: Int32) -> RecordID { RecordID(source: "cam", epoch: epoch, window: window) }

  @discardableResult
  private func append(_ store: RecordStore, _ id: RecordID) throws(StoreError) -> Position {
    try store.append(TestRecord.batch([id]), records: 1, ids: [id])
  }

  /// Nil where the reader is told that its place is gone.
  private func ids(_ store: RecordStore, from position: Position? = nil) throws -> [RecordID]? {
    var reader = store.reader(from: position)
    var ids: [RecordID] = []
    do throws(StoreError) {
      while let batch = try reader.next() { ids += TestRecord.ids(batch.bytes) ?? [] }
    } catch {
      guard case .expired = error else { throw error }
      return nil
    }
    return ids
  }

  /// A live source in an epoch of its own: its windows are heard one by one, and synced by fours.
  private func live(_ disk: MemoryDisk, _ epoch: Int32, _ limits: StoreLimits, _ listeners: inout [Listener]) {
    guard let store = try? openStore(disk, limits) else { return }
    for window in 0..<14 {
      let id = id(Int64(window), epoch: epoch)
      guard let position = try? append(store, id) else { return }
      listeners.append(Listener(position: position, heard: (listeners.last?.heard ?? []).union([id])))
      if window % 4 == 3 { _ = try? store.sync() }
    }
  }

  @Test(arguments: [Ending.killed, .powerCut, .asked], [StoreLimits.tiny, .tight])
  func nothingIsMissedByWhoGoesOnAfterAStopAtAnyCall(_ ending: Ending, _ limits: StoreLimits) throws {
    for call in 0..<90 {
      for seed in 0..<(ending == .powerCut ? 6 : 1) {
        var random = SplitMix(UInt64(call * 10 + seed))
        var disk = MemoryDisk()
        var listeners: [Listener] = []
        for epoch in 0..<4 {
          // The first is stopped at this call, the others soon, or never.
          disk.stop(at: epoch == 0 ? call : Int(random.next() % 120))
          let known = listeners.count
          live(disk, Int32(epoch), limits, &listeners)
          let before = listeners.prefix(known).map(\.position).max()
          for listener in listeners.dropFirst(known) {
            if let before { #expect(listener.position > before, "a position twice, stopped at \(call)") }
          }
          disk = ending == .powerCut ? disk.afterPowerCut(&random) : disk.afterKill()
        }
        let store = try openStore(disk, limits)
        try append(store, id(0, epoch: 9))
        _ = try store.sync()
        let all = Set(try #require(try ids(store)))
        for listener in listeners {
          guard let read = try ids(store, from: listener.position) else { continue }
          let missed = all.subtracting(listener.heard).subtracting(read)
          #expect(missed.isEmpty, "stopped at \(call): from \(listener.position) on")
        }
      }
    }
  }

  @Test func whoGoesOnBehindABatchDoesNotGetItAgain() throws {
    let store = try openStore(MemoryDisk())
    var positions: [Position] = []
    for window in 0..<30 { positions.append(try append(store, id(Int64(window), epoch: 0))) }
    _ = try store.sync()
    #expect(positions.last == store.durable)
    for (window, position) in positions.enumerated() {
      #expect(try ids(store, from: position) == (window + 1..<30).map { id(Int64($0), epoch: 0) })
    }
  }

  /// What was lost comes again, behind all that was heard.
  @Test func nothingIsMissedAfterAFailedSync() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    try append(store, id(0, epoch: 0))
    _ = try store.sync()
    let heard = try (1..<4).map { try append(store, id($0, epoch: 0)) }
    disk.fail { n, call in n == 0 && call == .syncData ? .error(EIO) : nil }
    #expect(throws: StoreError.self) { try store.sync() }
    for window in 1..<5 { #expect(try append(store, id(Int64(window), epoch: 0)) > heard[2]) }
    _ = try store.sync()
    #expect(try ids(store, from: heard[2]) == (1..<5).map { id($0, epoch: 0) })
  }

  /// A power cut may leave nothing of what was heard, not even the names of files.
  @Test func noNumberIsGivenTwiceWhateverAPowerCutTakes() throws {
    var random = SplitMix(4)
    var disk = MemoryDisk()
    var last = Position(segment: 0, offset: 0)
    for epoch in 0..<200 {
      let store = try openStore(disk)
      let position = try append(store, id(0, epoch: Int32(epoch)))
      #expect(position.segment > last.segment)
      last = position
      disk = disk.afterPowerCut(&random)
    }
  }

  @Test(arguments: [false, true])
  func segmentsInWhichNothingStandsDoNotPileUp(_ isSynced: Bool) throws {
    var disk = MemoryDisk()
    for epoch in 0..<500 {
      let store = try openStore(disk, StoreLimits(segmentBytes: 1 << 20, journalBytes: 4096, reserve: 0))
      if epoch % 2 == 0 || isSynced { try append(store, id(0, epoch: Int32(epoch))) }
      if isSynced, epoch % 100 == 0 { _ = try store.sync() }
      disk = disk.afterKill()
    }
    let segments = disk.allNames.filter { $0.hasSuffix(".arrows") }
    #expect(segments.count <= (isSynced ? 6 : 1), "\(segments)")
    #expect(disk.allNames.count <= 2 * segments.count + 2)
    #expect(try #require(disk.content("journal")).count < 20_000)
  }

  /// They are of another store, or of one that was there before.
  @Test func aPositionThatWasNeverGivenIsSaidToBeUnknown() throws {
    let store = try openStore(MemoryDisk())
    var early = store.reader(from: Position(segment: 1, offset: 0))
    #expect(try early.next() == nil)
    try append(store, id(0, epoch: 0))
    _ = try store.sync()
    #expect(try ids(store, from: Position(segment: 2, offset: 0)) == [])
    for strange in [Position(segment: 2, offset: 1), Position(segment: 57, offset: 9)] {
      var reader = store.reader(from: strange)
      let error = #expect(throws: StoreError.self) { try reader.next() }
      #expect(error == .unknown(strange, oldest: Position(segment: 1, offset: 0)))
      #expect(try reader.next() != nil)
    }
  }

  @Test func norWasOneBehindTheEndOfTheSegmentThatIsWrittenTo() throws {
    let disk = MemoryDisk()
    let store = try openStore(disk)
    try append(store, id(0, epoch: 0))
    _ = try store.sync()
    try append(store, id(1, epoch: 0))
    let given = store.end
    #expect(given > store.durable)
    let strange = Position(segment: given.segment, offset: given.offset + 1)
    var reader = store.reader(from: strange)
    let error = #expect(throws: StoreError.self) { try reader.next() }
    #expect(error == .unknown(strange, oldest: Position(segment: 1, offset: 0)))
    var early = store.reader(from: given)
    #expect(try early.next() == nil, "it is not durable yet, but whoever heard it has its position")
    let again = try openStore(disk.afterKill())
    #expect(try ids(again, from: given) == [], "nor does it matter where it is lost")
  }
}
