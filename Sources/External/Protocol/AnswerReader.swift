import FoundationEssentials

/// Bytes of a program's output become answers, wherever the reads cut them. Holds no more than one line, one vector
/// and one read.
struct AnswerReader {
  private var inbox = Inbox()
  /// Known from the handshake on.
  private var dimensions = 0
  /// Whose header has come, and whose vector is still to come.
  private var pending: Int64?

  mutating func append(_ bytes: [UInt8]) { inbox.append(bytes) }

  /// The program's first line; nil as long as it is not whole.
  mutating func hello(answering greeting: Greeting) throws(Mishap) -> Hello? {
    guard let line = try inbox.line() else { return nil }
    let hello = try Hello(line: line, answering: greeting)
    dimensions = hello.dim
    return hello
  }

  /// The next answer; nil as long as it is not whole.
  mutating func next() throws(Mishap) -> Answer? {
    if let id = pending { return vector(id) }
    guard let line = try inbox.line() else { return nil }
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(line)) else {
      throw Mishap(.garbage, "sent \(excerpt(line)) for an answer")
    }
    if let reason = header.error, header.bytes ?? 0 == 0 { return Answer(id: header.id, content: .error(reason)) }
    guard let bytes = header.bytes else {
      throw Mishap(.garbage, "sent \(excerpt(line)), which has neither bytes nor error")
    }
    guard bytes == 4 * dimensions else {
      throw Mishap(.size, "announced \(bytes) bytes where its \(dimensions) numbers are \(4 * dimensions)")
    }
    pending = header.id
    return vector(header.id)
  }

  private mutating func vector(_ id: Int64) -> Answer? {
    guard let bytes = inbox.take(4 * dimensions) else { return nil }
    pending = nil
    let vector = (0..<dimensions).map { n -> Float in
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[bytes.startIndex + 4 * n + $1]) << (8 * UInt32($1)) }
      return Float(bitPattern: word)
    }
    return Answer(id: id, content: .vector(vector))
  }

  private struct Header: Decodable {
    var id: Int64
    var bytes: Int?
    var error: String?
  }
}

/// One answer as it came.
struct Answer: Equatable {
  let id: Int64
  let content: Content

  enum Content: Equatable {
    /// As long as the handshake says; may hold anything.
    case vector([Float])
    case error(String)
  }
}

/// What has come and is not yet understood.
struct Inbox {
  /// Longer lines are no headers.
  static let lineLimit = 1 << 16

  private var bytes: [UInt8] = []
  private var next = 0
  /// Where no line feed stands before.
  private var searched = 0

  mutating func append(_ more: [UInt8]) {
    bytes.removeFirst(next)
    (searched, next) = (max(0, searched - next), 0)
    bytes += more
  }

  /// Without its line feed; nil where there is none yet.
  mutating func line() throws(Mishap) -> ArraySlice<UInt8>? {
    let rest = bytes[max(next, searched)...]
    let feed = rest.firstIndex(of: UInt8(ascii: "\n"))
    guard (feed ?? bytes.count) - next <= Self.lineLimit else {
      throw Mishap(.garbage, "sent a line of more than \(Self.lineLimit) bytes: \(excerpt(bytes[next...]))")
    }
    guard let feed else {
      searched = bytes.count
      return nil
    }
    defer { (next, searched) = (feed + 1, feed + 1) }
    return bytes[next..<feed]
  }

  /// Nil where fewer have come.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard bytes.count - next >= count else { return nil }
    defer { (next, searched) = (next + count, next + count) }
    return bytes[next..<next + count]
  }
}
