/// The columns of one record batch in memory, whose bytes may be hostile: every offset and count is checked before it
/// is used, and nothing is allocated that the bytes do not hold.
struct ArrowTable {
  let rowCount: Int
  private let bytes: [UInt8]
  private let buffers: [Range<Int>]
  /// Where in `buffers` each top-level column begins.
  private let columns: [String: (field: ArrowField, first: Int)]

  /// message: one whole record batch of a stream that began with `schema`.
  init(_ message: [UInt8], _ schema: ArrowSchema) throws(ArrowFault) {
    guard case .batch(let content, let body) = try ArrowFile.Message(message), body.upperBound == message.count else {
      throw .malformed("not one whole batch")
    }
    let batch = try ArrowBatch(content, body: body, schema)
    bytes = message
    rowCount = batch.rowCount
    buffers = batch.buffers
    var columns: [String: (field: ArrowField, first: Int)] = [:]
    var first = 0
    for field in schema.fields {
      if columns[field.name] == nil { columns[field.name] = (field, first) }
      first += field.extent.buffers
    }
    self.columns = columns
  }

  /// The values of a text column; nil for null. A column that is not there is null throughout.
  func texts(_ name: String) throws(ArrowFault) -> [String?] {
    guard let parts = try parts(name, .utf8) else { return nulls() }
    let offsets = try parts[1].integers(rowCount + 1, Int32.self)
    return try rows(parts[0]) { row throws(ArrowFault) in
      let range = try extent(row, offsets, limit: parts[2].count)
      guard let text = String(validating: parts[2][range], as: UTF8.self) else {
        throw .malformed("a text that is not UTF-8")
      }
      return text
    }
  }

  /// The values of a column of `type`, which is int32, int64 or timestamp.
  func integers(_ name: String, _ type: ArrowType = .int64) throws(ArrowFault) -> [Int64?] {
    guard let parts = try parts(name, type) else { return nulls() }
    let values =
      type == .int32
      ? try parts[1].integers(rowCount, Int32.self).map { Int64($0) } : try parts[1].integers(rowCount, Int64.self)
    return try rows(parts[0]) { row throws(ArrowFault) in values[row] }
  }

  func reals(_ name: String) throws(ArrowFault) -> [Float?] {
    guard let parts = try parts(name, .float32) else { return nulls() }
    let values = try parts[1].integers(rowCount, UInt32.self)
    return try rows(parts[0]) { row throws(ArrowFault) in Float(bitPattern: values[row]) }
  }

  /// The values of a column of lists of int64.
  func integerLists(_ name: String) throws(ArrowFault) -> [[Int64]?] {
    guard let parts = try parts(name, .list), parts.count == 4 else { return nulls() }
    let offsets = try parts[1].integers(rowCount + 1, Int32.self)
    return try rows(parts[0]) { row throws(ArrowFault) in
      try extent(row, offsets, limit: parts[3].count / 8).map { index throws(ArrowFault) in
        try parts[3].integer(at: 8 * index, Int64.self)
      }
    }
  }

  /// The values of a column of vectors of `length` numbers.
  func vectors(_ name: String, _ length: Int) throws(ArrowFault) -> [[Float]?] {
    guard let parts = try parts(name, .fixedSizeList(length)) else { return nulls() }
    return try rows(parts[0]) { row throws(ArrowFault) in try parts[2].numbers(row, length) }
  }

  /// The values of a column of steps whose vectors have `length` numbers; `valid` and `vector` nil for null.
  func steps(
    _ name: String, _ length: Int
  ) throws(ArrowFault) -> [[(nanoseconds: Int64, valid: Float?, vector: [Float]?)]?] {
    // list: validity, offsets; struct; t_ns: validity, values; valid: validity, values; vector; item: validity, values
    guard let parts = try parts(name, .list), parts.count == 10 else { return nulls() }
    let offsets = try parts[1].integers(rowCount + 1, Int32.self)
    return try rows(parts[0]) { row throws(ArrowFault) in
      try extent(row, offsets, limit: parts[4].count / 8).map { index throws(ArrowFault) in
        let valid = parts[5].isPresent(index) ? try parts[6].integer(at: 4 * index, UInt32.self) : nil
        return (
          try parts[4].integer(at: 8 * index, Int64.self), valid.map { Float(bitPattern: $0) },
          parts[7].isPresent(index) ? try parts[9].numbers(index, length) : nil
        )
      }
    }
  }

  /// The buffers of a column and its children, in Arrow's order; nil where there is no such column.
  private func parts(_ name: String, _ type: ArrowType) throws(ArrowFault) -> [[UInt8]]? {
    guard let (field, first) = columns[name] else { return nil }
    guard field.type == type else { throw .malformed("a column \(name) of a type that records do not have") }
    return buffers[first..<first + field.extent.buffers].map { Array(bytes[$0]) }
  }

  private func nulls<Value>() -> [Value?] { Array(repeating: nil, count: rowCount) }

  private func rows<Value>(
    _ validity: [UInt8], _ value: (Int) throws(ArrowFault) -> Value
  ) throws(ArrowFault) -> [Value?] {
    try (0..<rowCount).map { row throws(ArrowFault) in validity.isPresent(row) ? try value(row) : nil }
  }

  /// Which elements belong to `row`.
  private func extent(_ row: Int, _ offsets: [Int32], limit: Int) throws(ArrowFault) -> Range<Int> {
    let (from, to) = (Int(offsets[row]), Int(offsets[row + 1]))
    guard from >= 0, from <= to, to <= limit else { throw .malformed("a row beyond its batch") }
    return from..<to
  }
}

extension [UInt8] {
  /// The float32 numbers of vector number `index`, each vector of `length`.
  fileprivate func numbers(_ index: Int, _ length: Int) throws(ArrowFault) -> [Float] {
    guard index < count / (4 * length) else { throw .malformed("fewer numbers than rows") }
    let start = 4 * length * index
    return try (0..<length).map { n throws(ArrowFault) in
      Float(bitPattern: try integer(at: start + 4 * n, UInt32.self))
    }
  }
}
