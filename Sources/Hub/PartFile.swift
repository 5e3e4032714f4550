import Glibc
import Media

/// A file that grows at its end.
final class PartFile {
  private let path: String
  private let descriptor: Int32

  /// - Parameter offset: where it is cut before.
  /// - Throws: `HubError.cannotCreate`, `.inputOutput`.
  init(_ path: String, at offset: Int) throws(HubError) {
    self.path = path
    descriptor = unsafe open(PathText.cString(path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotCreate(Disk.words("create", path)) }
    guard ftruncate(descriptor, offset) == 0 else { throw .inputOutput(Disk.words("write", path)) }
  }

  deinit { close(descriptor) }

  /// - Throws: `HubError.inputOutput`.
  func write(_ bytes: [UInt8]) throws(HubError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .inputOutput(Disk.words("write", path)) }
      rest = rest.dropFirst(count)
    }
  }
}
