import Glibc
import System

/// A file as a sequence of Arrow messages.
struct ArrowFile: ~Copyable {
  enum Message {
    /// The file ends before the message does.
    case torn
    case end
    case schema(ArrowSchema, end: Int)
    case batch(FlatTable, body: Range<Int>)
  }

  let size: Int
  private let path: String
  private let descriptor: Descriptor

  init(_ path: String) throws(EmitError) {
    do { descriptor = try Descriptor.open(path, O_RDONLY) } catch { throw .inputOutput("read \(path): \(error)") }
    size = descriptor.size
    self.path = path
  }

  /// The message that begins at byte `start`.
  func message(at start: Int) throws(EmitError) -> Message {
    let prefix = try bytes(start..<min(start + 8, size))
    do {
      guard let length = try Message.metadataLength(prefix) else { return .torn }
      if length == 0 { return .end }
      guard length <= size - start - 8 else { return .torn }
      let metadata = try bytes(start + 8..<start + 8 + length)
      return try Message(metadata, start + 8 + length, size)
    } catch let fault as ArrowFault {
      throw foreign(fault)
    } catch {
      throw .inputOutput("read \(path): \(error)")
    }
  }

  func bytes(_ range: Range<Int>) throws(EmitError) -> [UInt8] {
    do {
      let bytes = try descriptor.read(at: range.lowerBound, count: range.count)
      if bytes.count == range.count { return bytes }
    } catch { throw .inputOutput("read \(path): \(error)") }
    throw .inputOutput("read \(path): it became shorter while being read")
  }

  /// The file is not what this program writes.
  func foreign(_ fault: ArrowFault) -> EmitError {
    switch fault {
    case .malformed(let what): .cannotCreate("read \(path): not a stream of records: \(what)")
    }
  }
}

extension ArrowFile.Message {
  private static let metadataLimit = 1 << 20

  /// The message that `bytes`, which are all there is, begin with.
  init(_ bytes: [UInt8]) throws(ArrowFault) {
    guard let length = try Self.metadataLength(Array(bytes.prefix(8))), length <= bytes.count - 8 else {
      self = .torn
      return
    }
    if length == 0 { self = .end } else { try self.init(Array(bytes[8..<8 + length]), 8 + length, bytes.count) }
  }

  /// Bytes of metadata behind a message's first eight, `prefix`; 0 at the end mark, nil where they are cut off.
  static func metadataLength(_ prefix: [UInt8]) throws(ArrowFault) -> Int? {
    guard prefix.prefix(4).allSatisfy({ $0 == 0xFF }) else { throw .malformed("no message where one should begin") }
    guard prefix.count == 8 else { return nil }
    let length = Int(try prefix.integer(at: 4, Int32.self))
    guard length >= 0, length <= metadataLimit else { throw .malformed("a message that is too long") }
    return length
  }

  /// metadata: of a message whose body begins at byte `bodyStart` of `size`.
  init(_ metadata: [UInt8], _ bodyStart: Int, _ size: Int) throws(ArrowFault) {
    let table = try FlatTable(root: metadata)
    let length: Int64 = try table.integer(3)
    guard length >= 0 else { throw .malformed("a body of negative length") }
    guard length <= Int64(size - bodyStart) else {
      self = .torn
      return
    }
    let end = bodyStart + Int(length)
    guard let content = try table.table(2) else { throw .malformed("a message without content") }
    switch ArrowMessage.Header(rawValue: try table.integer(1)) {
    case .schema: self = .schema(try ArrowSchema(content), end: end)
    case .recordBatch: self = .batch(content, body: bodyStart..<end)
    case nil: throw .malformed("a message of a kind that records do not need")
    }
  }
}
