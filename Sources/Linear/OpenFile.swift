import Glibc

/// A regular file that is read at places, open as long as it is held.
package final class OpenFile: Sendable {
  private let path: String
  private let descriptor: Int32
  package let size: Int

  package init(path: String) throws(LinearError) {
    // Not blocking, so that a FIFO is refused instead of waited for.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    self.path = path
    var status = stat()
    let isThere = descriptor >= 0 && fstat(descriptor, &status) == 0
    size = Int(status.st_size)
    guard isThere else { throw .file(path: path, reason: String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .file(path: path, reason: "is not a regular file") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Bytes that the file must have.
  package func read(_ range: Range<Int>) throws(LinearError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    if let reason = read(into: &bytes, range.count, at: range.lowerBound) { throw .file(path: path, reason: reason) }
    return bytes
  }

  /// - Returns: why it failed, or nil.
  func read(into buffer: UnsafeMutableRawPointer, _ count: Int, at place: Int) -> String? {
    var done = 0
    while done < count {
      let got = pread(descriptor, buffer + done, count - done, off_t(place + done))
      if got == 0 { return "the file ends early" }
      if got > 0 { done += got } else if errno != EINTR { return String(cString: strerror(errno)) }
    }
    return nil
  }
}

/// What stands at a path.
package enum FileKind {
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// - Throws: `LinearError.file` where that cannot be told: what may not be looked at is not absent.
  package static func exists(_ path: String) throws(LinearError) -> Bool {
    var status = stat()
    if stat(path, &status) == 0 { return true }
    guard errno == ENOENT || errno == ENOTDIR else { throw .file(path: path, reason: String(cString: strerror(errno))) }
    return false
  }
}
