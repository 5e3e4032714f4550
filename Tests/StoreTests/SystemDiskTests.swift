import Glibc
import Media
import System
import Testing

@testable import Store

/// On a real file system.
@Suite struct SystemDiskTests {
  private let folder = ScratchFolder()

  private func open(_ path: String) throws(StoreError) -> RecordStore {
    try RecordStore.open(path, .numbered(0), .tiny) { 1000 }
  }

  @Test func recordsStayFromOneOpeningToTheNext() throws {
    var store: RecordStore? = try open(folder.path)
    for window in 0..<Int64(30) {
      let id = RecordID(source: "door", epoch: 0, window: window)
      _ = try store?.append(TestRecord.batch([id]), records: 1, ids: [id])
    }
    let end = try store?.sync()
    store = nil
    let again = try open(folder.path)
    #expect(again.durable == end)
    var reader = again.reader()
    var windows: [Int64] = []
    while let batch = try reader.next() { windows += TestRecord.ids(batch.bytes)?.map(\.place.window) ?? [] }
    #expect(windows == Array(0..<30))
    #expect(again.counters.values.isEmpty)
  }

  @Test func theFolderIsMade() throws {
    let path = folder.path + "/records"
    let store = try open(path)
    #expect(store.durable == Position(segment: 0, offset: 0))
    #expect(try Folder.names(path).sorted() == ["journal", "lock"])
    for name in try Folder.names(path) { try Folder.remove("\(path)/\(name)") }
    unsafe rmdir(path)
  }

  @Test func theHolderIsNamed() throws {
    let store = try open(folder.path)
    let expected = StoreError.owned("open \(folder.path): in use by process \(getpid())")
    #expect(throws: expected) { try open(folder.path) }
    #expect(store.durable == Position(segment: 0, offset: 0))
  }

  /// It is only for people.
  @Test func aFullDiskDoesNotTakeTheNumberAndOpensAllTheSame() throws {
    let disk = MemoryDisk()
    let file = try disk.open("lock", .create)
    try HolderNumber.write(4711, to: file)
    #expect(disk.content("lock") == Array("4711".utf8))
    disk.setRoom(0)
    try HolderNumber.write(42, to: file)
    #expect(try HolderNumber.read(from: file) == "42")
    let empty = try disk.open("lock", .create)
    disk.setRoom(0)
    try HolderNumber.write(4711, to: empty)
    #expect(try HolderNumber.read(from: empty) == nil)
    disk.fail { _, _ in .error(EIO) }
    #expect(throws: Errno.self) { try HolderNumber.write(4711, to: empty) }
  }

  @Test func aFolderThatCannotBeMadeIsNamed() {
    let error = #expect(throws: StoreError.self) { try open("/nowhere/records") }
    #expect(error == .cannotOpen("make /nowhere/records: No such file or directory"))
    #expect(error?.exitCode == 73)
  }
}
