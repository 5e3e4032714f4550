package import Media

/// Records as an Arrow IPC stream: a schema message, one record batch per `append`, an end mark. No dictionaries, so
/// the same bytes serve every reader whenever it came.
package struct ArrowWriter: RecordWriter {
  package private(set) var counters = Counters()
  package let opening: [UInt8]
  private let contents: [RecordColumn]
  private var columns: [ArrowColumn]

  package init(_ layout: RecordLayout) {
    let schema = layout.arrowSchema
    opening = ArrowMessage.schema(schema)
    contents = layout.recordColumns
    columns = schema.fields.map(ArrowColumn.init)
  }

  package var closing: [UInt8] { ArrowMessage.endOfStream }

  package mutating func append(_ records: [Embedding], to bytes: inout [UInt8]) {
    guard !records.isEmpty else { return }
    for index in contents.indices {
      for record in records {
        let cell = contents[index].cell(record)
        count(cell)
        columns[index].append(cell)
      }
    }
    appendBatch(rows: records.count, to: &bytes)
    for index in columns.indices { columns[index].clear() }
  }

  private func appendBatch(rows: Int, to bytes: inout [UInt8]) {
    var nodes: [Int64] = []
    var buffers: [[UInt8]] = []
    for column in columns { column.collect(nodes: &nodes, buffers: &buffers) }
    var places: [Int64] = []
    var bodyLength = 0
    for buffer in buffers {
      places += [Int64(bodyLength), Int64(buffer.count)]
      bodyLength += padded(buffer.count)
    }
    bytes += ArrowMessage.recordBatch(rows: rows, nodes: nodes, buffers: places, bodyLength: bodyLength)
    bytes.reserveCapacity(bytes.count + bodyLength)
    for buffer in buffers {
      bytes += buffer
      bytes.append(zeros: padded(buffer.count) - buffer.count)
    }
  }

  private mutating func count(_ cell: Cell) {
    switch cell {
    case .notFinite: counters.add("non_finite_values")
    case .steps(let steps):
      let broken = steps.count { !$0.vector.isFinite } + steps.count { !$0.valid.isFinite }
      if broken > 0 { counters.add("non_finite_values", Int64(broken)) }
    default: break
    }
  }

  /// Buffers lie at multiples of 8 bytes.
  private func padded(_ count: Int) -> Int { (count + 7) & ~7 }
}
