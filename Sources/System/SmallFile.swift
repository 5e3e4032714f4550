import Glibc

/// A file that is read whole, because it is small.
package enum SmallFile {
  /// Its bytes.
  /// - Parameter waits: where it is a pipe, whether to wait for who writes it.
  /// - Throws: `Errno`; EFBIG where there are more than `limit` bytes.
  package static func read(_ path: String, limit: Int, waits: Bool) throws(Errno) -> [UInt8] {
    let file = try Descriptor.open(path, waits ? O_RDONLY : O_RDONLY | O_NONBLOCK)
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let part = try file.readSome(min(limit + 1 - bytes.count, 1 << 16))
      if part.isEmpty { return bytes }
      bytes += part
    }
    throw Errno(code: EFBIG)
  }
}
