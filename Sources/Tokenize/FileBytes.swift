import Glibc

/// All bytes of a regular file.
/// - Throws: `unreadable`, also for a file of more than `limit` bytes, of which nothing is read.
func fileBytes(_ path: String, limit: Int) throws(TokenizerError) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw .unreadable(file: path, why: systemReason()) }
  defer { close(descriptor) }
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0 else { throw .unreadable(file: path, why: systemReason()) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: path, why: "not a regular file") }
  let size = Int(status.st_size)
  guard size <= limit else { throw .unreadable(file: path, why: "\(size) bytes, more than the limit of \(limit)") }
  var count = 0
  let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initializedCount in
    while count < size {
      let got = unsafe read(descriptor, buffer.baseAddress! + count, size - count)
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      count += got
    }
    initializedCount = count
  }
  guard count == size else { throw .unreadable(file: path, why: "only \(count) of \(size) bytes could be read") }
  return bytes
}

private func systemReason() -> String { unsafe String(cString: strerror(errno)) }
