import Glibc

/// System calls on stream sockets of the Unix domain; none of them blocks.
extension Descriptor {
  package static func socket() throws(Errno) -> Descriptor {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return Descriptor(owning: try Errno.check { Glibc.socket(AF_UNIX, type, 0) })
  }

  /// Gives the socket its name in the file system, open to its owner only. Linux takes the new file's mode from the
  /// socket, so there is no moment, and no process-wide umask, in which others could connect.
  package func bind(_ path: UnixPath) throws(Errno) {
    _ = try Errno.check { fchmod(number, 0o600) }
    _ = try Errno.check {
      unsafe path.withAddress { address, length in unsafe Glibc.bind(number, address, length) }
    }
  }

  /// False where the path is taken.
  package func bindIfFree(_ path: UnixPath) throws(Errno) -> Bool {
    do { try bind(path) } catch {
      if error.code == EADDRINUSE { return false }
      throw error
    }
    return true
  }

  package func connect(_ path: UnixPath) throws(Errno) {
    _ = try Errno.check {
      unsafe path.withAddress { address, length in unsafe Glibc.connect(number, address, length) }
    }
  }

  package func listen(backlog: Int32) throws(Errno) { _ = try Errno.check { Glibc.listen(number, backlog) } }

  /// The next connection; nil when none is waiting.
  package func accept() throws(Errno) -> Descriptor? {
    let accepted: Int32
    do { accepted = try Errno.check { Glibc.accept(number, nil, nil) } } catch {
      if error.code == EAGAIN || error.code == ECONNABORTED { return nil }
      throw error
    }
    let connection = Descriptor(owning: accepted)
    _ = try Errno.check { fcntl(connection.number, F_SETFD, FD_CLOEXEC) }
    _ = try Errno.check { fcntl(connection.number, F_SETFL, O_NONBLOCK) }
    return connection
  }

  /// Sends some of `bytes` from index `start`; how many, 0 when there is no room. Raises no SIGPIPE.
  package func send(_ bytes: [UInt8], from start: Int) throws(Errno) -> Int {
    do {
      return try Errno.check {
        unsafe bytes.withUnsafeBytes {
          unsafe Glibc.send(
            number, $0.baseAddress?.advanced(by: start), bytes.count - start, Int32(MSG_NOSIGNAL))
        }
      }
    } catch {
      if error.code == EAGAIN { return 0 }
      throw error
    }
  }
}

/// A path that fits the address of a Unix socket.
package struct UnixPath: Sendable {
  /// Bytes that fit, beside the zero at their end.
  package static let room = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  package let text: String

  /// Nil if it is empty, holds a zero byte or is longer than the address has room for.
  package init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= Self.room, !text.utf8.contains(0) else { return nil }
    self.text = text
  }

  fileprivate func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: text.utf8) }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
