import CLinux
package import Glibc

/// One end of a pipe. Never blocks; closed when it goes.
package final class Pipe {
  private var descriptor: Int32
  /// The other end is closed, or this one broke.
  private var isAtEnd = false
  private let events: Int16

  private init(_ descriptor: Int32, _ events: Int32) {
    self.descriptor = descriptor
    self.events = Int16(events)
  }

  deinit { close() }

  /// No child that another thread starts meanwhile inherits an end.
  package static func pair() throws(Errno) -> (read: Pipe, write: Pipe) {
    var ends: [Int32] = [-1, -1]
    _ = try Errno.check { unsafe linux_pipe(&ends, O_CLOEXEC | O_NONBLOCK) }
    return (Pipe(ends[0], POLLIN), Pipe(ends[1], POLLOUT))
  }

  package func close() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
  }

  /// What to wait for; nil where nothing will come.
  package var interest: pollfd? { isOpen ? pollfd(fd: descriptor, events: events, revents: 0) : nil }

  private var isOpen: Bool { descriptor >= 0 && !isAtEnd }

  package enum Got: Equatable { case bytes([UInt8]), nothing, end }

  package func read(_ count: Int) -> Got {
    guard isOpen else { return .end }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let got = unsafe Glibc.read(descriptor, buffer.baseAddress, count)
      isAtEnd = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)
      filled = max(0, got)
    }
    return bytes.isEmpty ? isAtEnd ? .end : .nothing : .bytes(bytes)
  }

  package enum Put: Equatable { case count(Int), nothing, end }

  /// Raises SIGPIPE, which this process ignores, where nobody reads.
  package func write(_ bytes: ArraySlice<UInt8>) -> Put {
    guard isOpen else { return .end }
    let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if count >= 0 { return .count(count) }
    isAtEnd = errno != EAGAIN && errno != EINTR
    return isAtEnd ? .end : .nothing
  }

  /// For the child, in which it blocks as others expect: its end, unlike ours, is taken over by it alone.
  package func handOver() -> Int32 {
    _ = fcntl(descriptor, F_SETFL, 0)
    return descriptor
  }

  /// For a reading end that a child holds open and never reads: the kernel ends that process group when nobody holds
  /// the other end any more, which is when this process is gone, however it went.
  package func tie(group: Int32) throws(Errno) { _ = try Errno.check { linux_kill_group_by_pipe(descriptor, group) } }
}
