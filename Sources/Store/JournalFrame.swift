/// The journal's bytes: a header, then frames one behind the other, all numbers little-endian.
///
///     header   "TANDEMJ1"  salt (8)  checksum of these (4)
///     frame    "TFRM"  length of the payload (4)  sequence (8)  checksum (4)  payload: entries
///
/// A frame's checksum is that of salt, length, sequence and payload. The salt differs from journal to journal, so that
/// neither what an earlier file left on the disk nor what a source's name holds can pass for a frame.
enum JournalFrame {
  static let magic: [UInt8] = Array("TFRM".utf8)
  static let headerMagic: [UInt8] = Array("TANDEMJ1".utf8)
  static let headerSize = 20
  static let size = 20

  static func header(salt: UInt64) -> [UInt8] {
    var bytes = headerMagic
    bytes.append(salt)
    bytes.append(CRC32C.of(bytes))
    return bytes
  }

  static func bytes(_ entries: [Entry], _ sequence: UInt64, salt: UInt64) -> [UInt8] {
    var payload: [UInt8] = []
    for entry in entries { entry.append(to: &payload) }
    var bytes = magic
    bytes.append(UInt32(payload.count))
    bytes.append(sequence)
    bytes.append(checksum(salt, bytes[4..<16], payload[...]))
    return bytes + payload
  }

  static func checksum(_ salt: UInt64, _ numbers: ArraySlice<UInt8>, _ payload: ArraySlice<UInt8>) -> UInt32 {
    var salted: [UInt8] = []
    salted.append(salt)
    var checksum = CRC32C()
    checksum.add(salted[...])
    checksum.add(numbers)
    checksum.add(payload)
    return checksum.value
  }
}

/// What a journal says. Its bytes may be anything.
struct JournalContents {
  let salt: UInt64
  private(set) var entries: [Entry] = []
  /// Of the next frame.
  private(set) var sequence: UInt64 = 0
  /// Where the last good frame ends.
  private(set) var end = JournalFrame.headerSize
  /// Where the first one ends: all that was known when the journal was written anew.
  private(set) var base = JournalFrame.headerSize
  /// Stretches that are not frames, with good frames behind them. One frame is written and synced at a time, so that
  /// no crash leaves such a thing.
  private(set) var gaps = 0
  private let bytes: [UInt8]
  /// Bytes whose checksum may still be tried in search of a frame: else bytes made for it would take hours.
  private var patience: Int

  /// Nil where the header is not that of a journal.
  init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes.dropFirst(JournalFrame.headerMagic.count))
    guard let salt = try? reader.integer(UInt64.self), bytes.starts(with: JournalFrame.header(salt: salt)) else {
      return nil
    }
    self.salt = salt
    self.bytes = bytes
    patience = 64 * bytes.count
    while let frame = nextFrame() {
      entries += frame.entries
      sequence = frame.sequence &+ 1
      if end == JournalFrame.headerSize { base = frame.end }
      end = frame.end
    }
  }

  var isTorn: Bool { end < bytes.count }

  private struct Frame {
    let entries: [Entry]
    let sequence: UInt64
    let end: Int
  }

  private mutating func nextFrame() -> Frame? {
    let isFirst = end == JournalFrame.headerSize
    if let frame = frame(at: end), isFirst || frame.sequence == sequence { return frame }
    guard let frame = laterFrame() else { return nil }
    gaps += 1
    return frame
  }

  private mutating func laterFrame() -> Frame? {
    guard end + 1 + JournalFrame.size <= bytes.count else { return nil }
    for start in end + 1...bytes.count - JournalFrame.size where bytes[start] == JournalFrame.magic[0] {
      if patience <= 0 {
        gaps += 1
        return nil
      }
      if let frame = frame(at: start), frame.sequence > sequence { return frame }
    }
    return nil
  }

  private mutating func frame(at start: Int) -> Frame? {
    var reader = ByteReader(bytes[start...])
    do {
      guard try reader.bytes(4).elementsEqual(JournalFrame.magic) else { return nil }
      let length = Int(try reader.integer(UInt32.self))
      let sequence: UInt64 = try reader.integer()
      let checksum: UInt32 = try reader.integer()
      let payload = try reader.bytes(length)
      patience -= length
      guard checksum == JournalFrame.checksum(salt, bytes[start + 4..<start + 16], payload) else { return nil }
      var fields = ByteReader(payload)
      var entries: [Entry] = []
      while !fields.isEmpty { entries.append(try Entry(&fields)) }
      return Frame(entries: entries, sequence: sequence, end: payload.endIndex)
    } catch { return nil }
  }
}
