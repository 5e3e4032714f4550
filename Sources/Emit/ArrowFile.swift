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

  private static let metadataLimit = 1 << 20

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
      guard prefix.prefix(4).allSatisfy({ $0 == 0xFF }) else { throw ArrowFault.malformed("no message at \(start)") }
      guard prefix.count == 8 else { return .torn }
      let length = Int(try prefix.integer(at: 4, Int32.self))
      guard length >= 0, length <= Self.metadataLimit else {
        throw ArrowFault.malformed("a message that is too long at \(start)")
      }
      if length == 0 { return .end }
      guard length <= size - start - 8 else { return .torn }
      return try message(bytes(start + 8..<start + 8 + length), bodyStart: start + 8 + length)
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

  private func message(_ metadata: [UInt8], bodyStart: Int) throws(ArrowFault) -> Message {
    let table = try FlatTable(root: metadata)
    let length: Int64 = try table.integer(3)
    guard length >= 0 else { throw .malformed("a body of negative length") }
    guard length <= Int64(size - bodyStart) else { return .torn }
    let end = bodyStart + Int(length)
    guard let content = try table.table(2) else { throw .malformed("a message without content") }
    switch ArrowMessage.Header(rawValue: try table.integer(1)) {
    case .schema: return .schema(try ArrowSchema(content), end: end)
    case .recordBatch: return .batch(content, body: bodyStart..<end)
    case nil: throw .malformed("a message of a kind that records do not need")
    }
  }
}
