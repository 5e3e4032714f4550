import Glibc
import Testing

@testable import Hub

/// A folder of a test's own, which goes with it.
final class Folder {
  let path: String

  init() throws {
    var path = Array("/tmp/hub.XXXXXX".utf8CString)
    try #require(unsafe mkdtemp(&path) != nil)
    self.path = String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { Disk.removeAll(path) }
}
