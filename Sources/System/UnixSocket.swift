import CLinux
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

  package static func datagramSocket() throws(Errno) -> Descriptor {
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    return Descriptor(owning: try Errno.check { Glibc.socket(AF_UNIX, type, 0) })
  }

  /// Sends one datagram to whoever listens at `path`, without waiting.
  package func sendDatagram(_ bytes: [UInt8], to path: UnixPath) throws(Errno) {
    _ = try Errno.check {
      unsafe path.withAddress { address, length in
        unsafe sendto(number, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT), address, length)
      }
    }
  }

  package func listen(backlog: Int32) throws(Errno) { _ = try Errno.check { Glibc.listen(number, backlog) } }

  /// The next connection; nil when none is waiting.
  package func accept() throws(Errno) -> Descriptor? {
    do { return Descriptor(owning: try Errno.check { linux_accept(number) }) } catch {
      if error.code == EAGAIN || error.code == ECONNABORTED { return nil }
      throw error
    }
  }

  /// The number of the user at the other end, by the kernel's word.
  package func peer() throws(Errno) -> UInt32 {
    var (user, process): (UInt32, Int32) = (0, 0)
    _ = try Errno.check { unsafe linux_peer(number, &user, &process) }
    return user
  }

  /// Sends some of `bytes` from index `start`, at most `limit`; how many, 0 when there is no room. Waits for none, and
  /// raises no SIGPIPE.
  package func send(_ bytes: [UInt8], from start: Int, limit: Int = .max) throws(Errno) -> Int {
    let count = min(limit, bytes.count - start)
    do {
      return try Errno.check {
        unsafe bytes.withUnsafeBytes {
          unsafe Glibc.send(
            number, $0.baseAddress?.advanced(by: start), count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
      }
    } catch {
      if error.code == EAGAIN { return 0 }
      throw error
    }
  }
}

/// What was sent on a stream socket and has not been taken at the other end, in bytes as the system counts them: less
/// than before is progress, and of a Unix socket it shows when a sending has been taken whole.
package func untakenBytes(_ socket: Int32) throws(Errno) -> Int {
  var count: Int32 = 0
  _ = try Errno.check { unsafe linux_untaken(socket, &count) }
  return Int(count)
}

/// Two sockets that are connected to each other.
package struct SocketPair: ~Copyable {
  package let ours: Descriptor
  package let theirs: Descriptor

  package init() throws(Errno) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    _ = try Errno.check { unsafe socketpair(AF_UNIX, type, 0, &ends) }
    ours = Descriptor(owning: ends[0])
    theirs = Descriptor(owning: ends[1])
  }

  /// Closes the other end.
  package consuming func keepOurs() -> Descriptor { ours }
}

/// A path that fits the address of a Unix socket; `@` in front is a name in the abstract name space.
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
    let isAbstract = text.hasPrefix("@")
    let name = Array(text.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) {
      unsafe $0.copyBytes(from: isAbstract ? [0] + name.dropFirst() : name)
    }
    // An abstract name is as long as it is said to be.
    let head = MemoryLayout<sockaddr_un>.size - Self.room - 1
    let length = isAbstract ? head + name.count : MemoryLayout<sockaddr_un>.size
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(length)) }
    }
  }
}
