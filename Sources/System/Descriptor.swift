package import Glibc
import Media

/// The one owner of a file descriptor, closed when it goes. System calls on files live here, those on sockets in
/// `UnixSocket.swift`.
package struct Descriptor: ~Copyable, Sendable {
  /// −1 once closed.
  package private(set) var number: Int32

  package init(owning number: Int32) { self.number = number }

  deinit { if number >= 0 { _ = Glibc.close(number) } }

  package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o666) throws(Errno) -> Descriptor {
    Descriptor(owning: try Errno.check { unsafe Glibc.open(PathText.cString(path), flags | O_CLOEXEC, mode) })
  }

  /// Another descriptor of the same open file.
  package static func duplicate(_ number: Int32) throws(Errno) -> Descriptor {
    Descriptor(owning: try Errno.check { fcntl(number, F_DUPFD_CLOEXEC, 0) })
  }

  /// Gives up the descriptor: the caller owns it from now on.
  package consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }

  /// Closes, and tells what closing tells: late errors of network file systems and quotas.
  package mutating func close() throws(Errno) {
    let status = Glibc.close(number)
    number = -1
    if status != 0 && errno != EINTR { throw Errno(code: errno) }
  }

  /// Writes some of `bytes` from index `start`, at most `limit`; how many.
  package func write(_ bytes: [UInt8], from start: Int, limit: Int = .max) throws(Errno) -> Int {
    let count = min(limit, bytes.count - start)
    return try Errno.check {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress?.advanced(by: start), count) }
    }
  }

  /// Writes all of `bytes` at `offset`, wherever the file's position is.
  package func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
    var done = 0
    while done < bytes.count { done += try write(bytes, from: done, at: offset + done) }
  }

  /// Writes some of `bytes` from index `start` at `offset`; how many.
  package func write(_ bytes: [UInt8], from start: Int, at offset: Int) throws(Errno) -> Int {
    try Errno.check {
      unsafe bytes.withUnsafeBytes {
        unsafe pwrite(number, $0.baseAddress?.advanced(by: start), bytes.count - start, offset)
      }
    }
  }

  /// The `count` bytes at `offset`, or fewer where the file ends.
  package func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let part = try Errno.check {
        unsafe bytes.withUnsafeMutableBytes {
          unsafe pread(number, $0.baseAddress?.advanced(by: done), count - done, offset + done)
        }
      }
      if part == 0 { break }
      done += part
    }
    bytes.removeLast(count - done)
    return bytes
  }

  /// What can be read at once, at most `limit` bytes; nothing at the end, or where nothing is there for one that does
  /// not block.
  package func readSome(_ limit: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    do throws(Errno) {
      let count = try Errno.check { unsafe Glibc.read(number, &bytes, limit) }
      bytes.removeLast(limit - count)
      return bytes
    } catch {
      if error.code == EAGAIN { return [] }
      throw error
    }
  }

  package func truncate(to length: Int) throws(Errno) { _ = try Errno.check { ftruncate(number, length) } }

  /// Waits until what was written, and the length, is on the disk. After an error nothing written since the last
  /// success can be relied on, and asking again proves nothing.
  package func syncData() throws(Errno) { _ = try Errno.check { fdatasync(number) } }

  package func seek(to offset: Int) throws(Errno) { _ = try Errno.check { lseek(number, offset, SEEK_SET) } }

  /// Where the next write to a regular file goes.
  package var writePosition: Int { isAppending ? size : max(0, lseek(number, 0, SEEK_CUR)) }

  /// Every write goes to the end, whatever the position.
  package var isAppending: Bool { fcntl(number, F_GETFL) & O_APPEND != 0 }

  package var isRegularFile: Bool { status.st_mode & S_IFMT == S_IFREG }

  /// Bytes in the file.
  package var size: Int { Int(status.st_size) }

  private var status: stat {
    var status = stat()
    _ = unsafe fstat(number, &status)  // cannot fail: the descriptor is open and the address good
    return status
  }

  /// False after `milliseconds` without room for more.
  package func waitForRoom(milliseconds: Int32) throws(Errno) -> Bool {
    var interest = [pollfd(fd: number, events: Int16(POLLOUT), revents: 0)]
    return try poll(&interest, milliseconds: milliseconds) > 0
  }
}
