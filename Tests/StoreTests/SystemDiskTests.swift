import Glibc
import Store
import Testing

@testable import System

/// On a real file system.
@Suite struct SystemDiskTests {
  private func scratch() throws -> String {
    var name = Array("/tmp/tandem-store-XXXXXX".utf8CString)
    try #require(unsafe mkdtemp(&name) != nil)
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func remove(_ folder: String) {
    for name in (try? Folder.names(folder)) ?? [] { try? Folder.remove("\(folder)/\(name)") }
    unsafe rmdir(folder)
  }

  private func open(_ folder: String) throws(StoreError) -> RecordStore {
    try RecordStore.open(folder, .numbered(0), .tiny) { 1000 }
  }

  @Test func recordsStayFromOneOpeningToTheNext() throws {
    let parent = try scratch()
    defer { remove(parent) }
    let folder = parent + "/records"
    defer { remove(folder) }
    var store: RecordStore? = try open(folder)
    for window in 0..<Int64(30) {
      let id = RecordID(source: "door", epoch: 0, window: window)
      _ = try store?.append(TestRecord.batch([id]), records: 1, ids: [id])
    }
    let end = try store?.sync()
    store = nil
    let again = try open(folder)
    #expect(again.durable == end)
    var reader = again.reader()
    var windows: [Int64] = []
    while let batch = try reader.next() { windows += TestRecord.ids(batch.bytes)?.map(\.place.window) ?? [] }
    #expect(windows == Array(0..<30))
  }

  @Test func theHolderIsNamed() throws {
    let folder = try scratch()
    defer { remove(folder) }
    let store = try open(folder)
    let expected = StoreError.owned("open \(folder): in use by process \(getpid())")
    #expect(throws: expected) { try open(folder) }
    #expect(store.durable == Position(segment: 0, offset: 0))
  }

  @Test func aFolderThatCannotBeMadeIsNamed() {
    let error = #expect(throws: StoreError.self) { try open("/nowhere/records") }
    #expect(error == .cannotOpen("make /nowhere/records: No such file or directory"))
    #expect(error?.exitCode == 73)
  }
}
