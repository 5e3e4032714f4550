import Glibc
import System

/// Messages over a stream socket: four bytes of length, then so many of content.
struct MessageSocket: ~Copyable {
  /// Longer messages are nobody's.
  static let limit = 16 << 20

  let descriptor: Descriptor
  /// Read and not yet taken.
  private var buffer: [UInt8] = []
  private var position = 0

  init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  enum Received {
    case message([UInt8])
    case nothing
    /// The other end has closed.
    case end
  }

  /// The next message, or what came of waiting for it so long; −1 waits for ever.
  /// - Throws: `WireError` for a length beyond the limit.
  mutating func receive(milliseconds: Int32) throws(WireError) -> Received {
    let deadline = monotonicTime() + .milliseconds(Int64(milliseconds))
    while true {
      if let message = try take() { return .message(message) }
      var interest = [pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)]
      let left = max(0, (deadline - monotonicTime()) / .milliseconds(1))  // bytes that trickle do not begin it anew
      let patience = milliseconds < 0 ? -1 : Int32(left.rounded(.up))
      guard let count = try? poll(&interest, milliseconds: patience), count > 0 else { return .nothing }
      guard fill() else { return .end }
    }
  }

  private mutating func take() throws(WireError) -> [UInt8]? {
    guard buffer.count - position >= 4 else { return nil }
    let length = (0..<4).reduce(0) { $0 | Int(buffer[position + $1]) << (8 * $1) }
    guard length <= Self.limit else { throw WireError("a message of \(length) bytes") }
    guard buffer.count - position - 4 >= length else { return nil }
    defer {
      position += 4 + length
      if position == buffer.count { (buffer, position) = ([], 0) }
    }
    return Array(buffer[position + 4..<position + 4 + length])
  }

  /// False at the end.
  private mutating func fill() -> Bool {
    if position > 0 {
      buffer.removeFirst(position)
      position = 0
    }
    let chunk = 1 << 16
    var got = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: chunk) { space, filled in
      got = unsafe recv(descriptor.number, space.baseAddress, chunk, Int32(MSG_DONTWAIT))
      filled = max(0, got)
    }
    buffer += bytes
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))
  }

  /// Gives all of a message; false where the other end does not take it within the time. −1 waits for ever.
  func send(_ content: [UInt8], milliseconds: Int32) -> Bool {
    var header = WireWriter()
    header.integer(UInt32(content.count))
    let bytes = header.bytes + content
    let deadline = monotonicTime() + .milliseconds(Int64(milliseconds))
    var done = 0
    while done < bytes.count {
      guard let count = try? descriptor.send(bytes, from: done) else { return false }
      done += count
      if done == bytes.count { break }
      var interest = [pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)]
      let left = max(0, (deadline - monotonicTime()) / .milliseconds(1))  // a reader that sips does not begin it anew
      let patience = milliseconds < 0 ? -1 : Int32(left.rounded(.up))
      guard let ready = try? poll(&interest, milliseconds: patience), ready > 0 else {
        if milliseconds < 0 { continue }  // interrupted
        return false
      }
    }
    return true
  }
}

extension MessageSocket {
  func send(_ message: some Wired, milliseconds: Int32 = -1) -> Bool {
    var wire = WireWriter()
    message.write(to: &wire)
    return send(wire.bytes, milliseconds: milliseconds)
  }
}

extension Wired {
  /// A whole message.
  init(message: [UInt8]) throws(WireError) {
    var wire = WireReader(message)
    try self.init(from: &wire)
    try wire.finish()
  }
}
