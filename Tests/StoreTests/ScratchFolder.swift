import Glibc
import System

/// A folder that goes with this.
final class ScratchFolder: Sendable {
  let path: String

  init() {
    var name = Array("/tmp/tandem-store-XXXXXX".utf8CString)
    unsafe precondition(mkdtemp(&name) != nil)
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in (try? Folder.names(path)) ?? [] { try? Folder.remove("\(path)/\(name)") }
    unsafe rmdir(path)
  }
}
