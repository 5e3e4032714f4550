import Glibc

/// A file that is read once, from its beginning, in chunks.
final class FileChunks {
  /// Bytes when it was opened.
  let size: Int
  private let descriptor: Int32
  private var chunk = [UInt8](repeating: 0, count: 1 << 20)

  /// Nil, with `errno` set, when it cannot be opened.
  init?(_ path: [CChar]) {
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    size = unsafe fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { close(descriptor) }

  /// Of `head` and the whole file; nil, with `errno` set, when a read fails.
  func digest(_ kind: RunningDigest.Kind, after head: [UInt8] = []) -> String? {
    let digest = RunningDigest(kind)
    digest.add(head[...])
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      guard count > 0 else { return digest.finish() }
      digest.add(chunk[..<count])
    }
  }
}
