import Glibc
import Supervise
import System
import Testing

@Suite struct DirectoryWatchTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/tandem-watch-XXXXXX".utf8CString)
    _ = unsafe mkdtemp(&template)
    folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private func write(_ name: String) throws {
    let file = try Descriptor.open("\(folder)/\(name)", O_WRONLY | O_CREAT)
    _ = try file.write([1], from: 0)
  }

  private func names(_ paths: [String]) -> [String] { paths.map { String($0.dropFirst(folder.count + 1)) } }

  @Test func whatLiesThereIsTakenFirstInOrder() throws {
    for name in ["b.mp4", "a.mp4", ".part", "c.mp4.part"] { try write(name) }
    unsafe mkdir("\(folder)/below", 0o700)
    var watch = try DirectoryWatch.open(folder)
    #expect(names(try watch.next(milliseconds: 0)) == ["a.mp4", "b.mp4"])
    #expect(try watch.next(milliseconds: 0) == [])
  }

  @Test func aFileIsTakenWhenItIsClosedOrMovedInAndNotBefore() throws {
    var watch = try DirectoryWatch.open(folder)
    var file = try Descriptor.open("\(folder)/slow.mp4", O_WRONLY | O_CREAT)
    _ = try file.write([1], from: 0)
    #expect(try watch.next(milliseconds: 0) == [])
    try file.close()
    #expect(names(try watch.next(milliseconds: 1000)) == ["slow.mp4"])
    for unfinished in [".moving", "moved.mp4.part", "moved.mp4.crdownload"] {
      try write(unfinished)
      #expect(try watch.next(milliseconds: 0) == [])
      unsafe rename("\(folder)/\(unfinished)", "\(folder)/moved.mp4")
      #expect(names(try watch.next(milliseconds: 1000)) == ["moved.mp4"])
    }
  }

  @Test func aDirectoryThatGoesAwaySaysSo() throws {
    var watch = try DirectoryWatch.open(folder)
    unsafe rmdir(folder)
    #expect(throws: Errno(code: ENOENT)) { _ = try watch.next(milliseconds: 1000) }
  }

  @Test func aDirectoryThatIsMovedIsNotWatchedUnderItsOldName() throws {
    var watch = try DirectoryWatch.open(folder)
    unsafe rename(folder, "\(folder)-moved")
    defer { unsafe rename("\(folder)-moved", folder) }
    #expect(throws: Errno(code: ENOENT)) { _ = try watch.next(milliseconds: 1000) }
  }

  @Test func whatIsNoDirectoryIsRefused() {
    #expect(throws: Errno(code: ENOTDIR)) { _ = try DirectoryWatch.open("/etc/passwd") }
    #expect(throws: Errno(code: ENOENT)) { _ = try DirectoryWatch.open("/nowhere") }
  }
}
