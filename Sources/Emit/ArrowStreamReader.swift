import Glibc

/// Reads back an Arrow IPC stream of records from a file: its schema, and of its batches only the columns asked for,
/// so that a file of any size takes little memory. The file may be cut off anywhere, or be hostile: every length is
/// checked before it is used.
package struct ArrowStreamReader: ~Copyable {
  /// Of one buffer of one column.
  private static let bufferLimit = 16 << 20

  let schema: ArrowSchema
  /// Where the last whole batch read so far, or the schema, ends in the file.
  package private(set) var end: Int
  /// The end mark has been read.
  package private(set) var isComplete = false
  private let file: ArrowFile

  /// Nil where the file ends before its schema does. Throws `inputOutput`; `cannotCreate` where it holds something
  /// that records do not.
  package static func open(_ path: String) throws(EmitError) -> ArrowStreamReader? {
    let file = try ArrowFile(path)
    switch try file.message(at: 0) {
    case .torn: return nil
    case .schema(let schema, let end): return ArrowStreamReader(file, schema, end)
    case .batch, .end: throw file.foreign(.malformed("no schema at its beginning"))
    }
  }

  private init(_ file: consuming ArrowFile, _ schema: ArrowSchema, _ end: Int) {
    self.file = file
    self.schema = schema
    self.end = end
  }

  package var columnNames: [String] { schema.fields.map(\.name) }

  package func metadata(_ key: String) -> String? { schema.metadata(key) }

  /// The next whole batch; nil at the end mark, or where the file breaks off.
  package mutating func next() throws(EmitError) -> ArrowBatch? {
    guard !isComplete else { return nil }
    switch try file.message(at: end) {
    case .torn: return nil
    case .end:
      isComplete = true
      guard end + ArrowMessage.endOfStream.count == file.size else {
        throw file.foreign(.malformed("data behind the end of the stream"))
      }
      return nil
    case .schema: throw file.foreign(.malformed("a second schema"))
    case .batch(let table, let body):
      do {
        let batch = try ArrowBatch(table, body: body, schema)
        end = body.upperBound
        return batch
      } catch { throw file.foreign(error) }
    }
  }

  /// The values of a text column of `batch`; nil for null.
  package func texts(_ name: String, _ batch: ArrowBatch) throws(EmitError) -> [String?] {
    let parts = try buffers(name, .utf8, batch)
    do {
      let offsets = try parts[1].integers(batch.rowCount + 1, Int32.self)
      return try (0..<batch.rowCount).map { row throws(ArrowFault) in
        guard parts[0].isPresent(row) else { return nil }
        let (from, to) = (Int(offsets[row]), Int(offsets[row + 1]))
        guard from >= 0, from <= to, to <= parts[2].count else { throw .malformed("a text beyond its batch") }
        return String(decoding: parts[2][from..<to], as: UTF8.self)
      }
    } catch { throw file.foreign(error) }
  }

  /// The values of an int32 or int64 column of `batch`; nil for null.
  package func integers(_ name: String, _ batch: ArrowBatch) throws(EmitError) -> [Int64?] {
    let isWide = schema.fields.contains { $0.name == name && $0.type == .int64 }
    let parts = try buffers(name, isWide ? .int64 : .int32, batch)
    do {
      let values =
        isWide
        ? try parts[1].integers(batch.rowCount, Int64.self)
        : try parts[1].integers(batch.rowCount, Int32.self).map { Int64($0) }
      return values.enumerated().map { row, value in parts[0].isPresent(row) ? value : nil }
    } catch { throw file.foreign(error) }
  }

  /// The buffers of a top-level column and its children, in Arrow's order.
  func buffers(_ name: String, _ type: ArrowType, _ batch: ArrowBatch) throws(EmitError) -> [[UInt8]] {
    var first = 0
    for field in schema.fields {
      let count = field.extent.buffers
      if field.name == name, field.type == type {
        let places = batch.buffers[first..<first + count]
        guard places.allSatisfy({ $0.count <= Self.bufferLimit }) else {
          throw file.foreign(.malformed("a column \(name) of more than \(Self.bufferLimit) bytes in one batch"))
        }
        return try places.map { place throws(EmitError) in try file.bytes(place) }
      }
      first += count
    }
    throw file.foreign(.malformed("no column \(name) of the type that records have"))
  }
}
