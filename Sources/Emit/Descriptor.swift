import Glibc
import Media

/// The one owner of a file descriptor, closed when it goes. System calls on files live here, those on sockets in
/// `UnixSocket.swift`.
struct Descriptor: ~Copyable, Sendable {
  /// −1 once closed.
  private(set) var number: Int32

  init(owning number: Int32) { self.number = number }

  deinit { if number >= 0 { _ = Glibc.close(number) } }

  static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o666) throws(Errno) -> Descriptor {
    Descriptor(owning: try Errno.check { unsafe Glibc.open(PathText.cString(path), flags | O_CLOEXEC, mode) })
  }

  /// Another descriptor of the same open file.
  static func duplicate(_ number: Int32) throws(Errno) -> Descriptor {
    Descriptor(owning: try Errno.check { fcntl(number, F_DUPFD_CLOEXEC, 0) })
  }

  /// Closes, and tells what closing tells: late errors of network file systems and quotas.
  mutating func close() throws(Errno) {
    let status = Glibc.close(number)
    number = -1
    if status != 0 && errno != EINTR { throw Errno(code: errno) }
  }

  /// Writes some of `bytes` from index `start`, at most `limit`; how many.
  func write(_ bytes: [UInt8], from start: Int, limit: Int = .max) throws(Errno) -> Int {
    let count = min(limit, bytes.count - start)
    return try Errno.check {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress?.advanced(by: start), count) }
    }
  }

  /// Writes all of `bytes` at `offset`, wherever the file's position is.
  func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
    var done = 0
    while done < bytes.count {
      done += try Errno.check {
        unsafe bytes.withUnsafeBytes {
          unsafe pwrite(number, $0.baseAddress?.advanced(by: done), bytes.count - done, offset + done)
        }
      }
    }
  }

  /// The `count` bytes at `offset`, or fewer where the file ends.
  func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
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

  func truncate(to length: Int) throws(Errno) { _ = try Errno.check { ftruncate(number, length) } }

  func seek(to offset: Int) throws(Errno) { _ = try Errno.check { lseek(number, offset, SEEK_SET) } }

  /// Where the next write to a regular file goes.
  var writePosition: Int { isAppending ? size : max(0, lseek(number, 0, SEEK_CUR)) }

  /// Every write goes to the end, whatever the position.
  var isAppending: Bool { fcntl(number, F_GETFL) & O_APPEND != 0 }

  var isRegularFile: Bool { status.st_mode & S_IFMT == S_IFREG }

  /// Bytes in the file.
  var size: Int { Int(status.st_size) }

  private var status: stat {
    var status = stat()
    _ = unsafe fstat(number, &status)  // cannot fail: the descriptor is open and the address good
    return status
  }

  /// False after `milliseconds` without room for more.
  func waitForRoom(milliseconds: Int32) throws(Errno) -> Bool {
    var interest = [pollfd(fd: number, events: Int16(POLLOUT), revents: 0)]
    return try poll(&interest, milliseconds: milliseconds) > 0
  }
}

/// What the system said.
struct Errno: Error, Hashable, CustomStringConvertible {
  let code: Int32

  var description: String { unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)" }

  /// The call's result; repeats it while a signal interrupts it, throws where it is negative.
  static func check<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
      let result = call()
      if result >= 0 { return result }
      if errno != EINTR { throw Errno(code: errno) }
    }
  }
}

/// Waits for what `interests` ask; how many have something to tell. An interruption counts as nothing.
func poll(_ interests: inout [pollfd], milliseconds: Int32) throws(Errno) -> Int32 {
  let count = unsafe Glibc.poll(&interests, nfds_t(interests.count), milliseconds)
  if count >= 0 { return count }
  if errno == EINTR { return 0 }
  throw Errno(code: errno)
}
