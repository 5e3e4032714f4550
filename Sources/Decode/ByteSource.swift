import CFFmpeg
import Glibc
import Media
import System

/// Bytes of a file or a pipe that we opened ourselves, so that no name is ever taken for a protocol.
/// A pipe keeps its head until the demuxer has read it: MP4's index is looked at before FFmpeg sees it.
final class ByteSource {
  let isSeekable: Bool
  private let descriptor: Int32
  private let ownsDescriptor: Bool
  /// Where the source begins in the file: everything is counted from there.
  private let base: Int64
  private let interruption: Interruption
  /// Read ahead from a pipe, not yet given to the demuxer.
  private var head: [UInt8] = []
  private var headRead = 0
  /// The errno of the last failed read; EOF is not a failure.
  private(set) var failure: Int32 = 0

  private init(descriptor: Int32, owned: Bool, base: Int64 = 0, interruption: Interruption) {
    self.descriptor = descriptor
    self.ownsDescriptor = owned
    self.base = base
    self.interruption = interruption
    var status = stat()
    isSeekable = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  deinit { if ownsDescriptor { Glibc.close(descriptor) } }

  /// - Parameter base: the byte of the file at which the source begins.
  /// - Throws: `SourceError.unreadable` with the system's reason.
  static func open(path: String, from base: Int64 = 0, interruption: Interruption) throws(SourceError) -> ByteSource {
    // Not blocking: a FIFO without a writer is waited for where the interruption is looked at.
    let descriptor = Glibc.open(PathText.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(String(cString: strerror(errno))) }
    let source = ByteSource(descriptor: descriptor, owned: true, base: base, interruption: interruption)
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { throw .unreadable("is a directory") }
    if base > 0 { lseek(descriptor, off_t(base), SEEK_SET) }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    return source
  }

  static func standardInput(interruption: Interruption) -> ByteSource {
    ByteSource(descriptor: STDIN_FILENO, owned: false, interruption: interruption)
  }

  /// Reads up to `buffer.count` bytes; 0 at the end, negative AVERROR on failure.
  func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int32 {
    if headRead < head.count {
      let count = min(buffer.count, head.count - headRead)
      head.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[headRead..<headRead + count])) }
      headRead += count
      if headRead == head.count { head = []; headRead = 0 }
      return Int32(count)
    }
    return readDescriptor(buffer)
  }

  /// The `count` bytes of a pipe (fewer at its end) that stand `offset` behind the next one, without consuming any.
  func peek(at offset: Int, count: Int) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while head.count - headRead < offset + count {
      let got = chunk.withUnsafeMutableBytes { readDescriptor($0) }
      guard got > 0 else { break }
      head.append(contentsOf: chunk[..<Int(got)])
    }
    return Array(head.dropFirst(headRead + offset).prefix(count))
  }

  /// Reads at a place of a file without moving the cursor.
  func read(at offset: Int64, count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = max(0, pread(descriptor, buffer.baseAddress, count, off_t(base + offset)))
    }
  }

  /// `lseek` in FFmpeg's terms.
  func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
    guard isSeekable else { return Int64(FF_EIO) }
    if whence & FF_SEEK_SIZE != 0 {
      var status = stat()
      return fstat(descriptor, &status) == 0 ? max(0, Int64(status.st_size) - base) : Int64(FF_EIO)
    }
    let direction = whence & ~AVSEEK_FORCE
    let position = lseek(descriptor, off_t(direction == SEEK_SET ? offset + base : offset), direction)
    return position < base ? Int64(FF_EIO) : Int64(position) - base
  }

  private func readDescriptor(_ buffer: UnsafeMutableRawBufferPointer) -> Int32 {
    while true {
      if interruption.isRaised { return FF_EXIT }
      if !isSeekable && !waitUntilReadable() { continue }
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return Int32(count) }
      if errno == EINTR || errno == EAGAIN { continue }
      failure = errno
      return FF_EIO
    }
  }

  /// A pipe may stay silent for hours: look at the interruption ten times a second meanwhile.
  private func waitUntilReadable() -> Bool {
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&poller, 1, 100) != 0
  }
}
