import Media

/// The values of one field, gathered row by row; nested as the field is.
struct ArrowColumn: Sendable {
  let field: ArrowField
  private(set) var count = 0
  private(set) var nullCount = 0
  /// One bit a row, 1 = present.
  private var validity: [UInt8] = []
  /// Int32 each, one more than rows: where each string or list begins in `values` or the child.
  private var offsets: [UInt8] = []
  private var values: [UInt8] = []
  private var children: [ArrowColumn]

  init(_ field: ArrowField) {
    self.field = field
    children = field.children.map(ArrowColumn.init)
    clear()
  }

  /// `cell` must fit the field's type; `notFinite` counts as null.
  mutating func append(_ cell: Cell) {
    switch (field.type, cell) {
    case (_, .null), (_, .notFinite): return appendNull()
    case (.int32, .integer(let value)): values.append(littleEndian: Int32(value))
    case (.int64, .integer(let value)), (.timestamp, .integer(let value)): values.append(littleEndian: value)
    case (.float32, .real(let value)): values.append(littleEndian: value.bitPattern)
    case (.utf8, .text(let text)):
      values.append(contentsOf: text.utf8)
      offsets.append(littleEndian: Int32(values.count))
    case (.list, .integers(let integers)):
      for integer in integers { children[0].append(.integer(integer)) }
      offsets.append(littleEndian: Int32(children[0].count))
    case (.list, .steps(let steps)):
      for step in steps { children[0].append(step) }
      offsets.append(littleEndian: Int32(children[0].count))
    case (.fixedSizeList(let length), .vector(let vector)):
      precondition(vector.count == length, "\(field.name) has \(vector.count) numbers, not \(length)")
      children[0].append(present: vector)
    default: preconditionFailure("\(cell) in the column \(field.name)")
    }
    mark(present: true)
  }

  /// Forgets the rows but keeps the memory.
  mutating func clear() {
    (count, nullCount) = (0, 0)
    validity.removeAll(keepingCapacity: true)
    offsets.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    if field.type == .utf8 || field.type == .list { offsets.append(littleEndian: Int32(0)) }
    for index in children.indices { children[index].clear() }
  }

  /// Adds this column's (rows, nulls) and buffers, then its children's: the order of a record batch.
  func collect(nodes: inout [Int64], buffers: inout [[UInt8]]) {
    nodes += [Int64(count), Int64(nullCount)]
    buffers.append(nullCount == 0 ? [] : validity)
    switch field.type {
    case .int32, .int64, .float32, .timestamp: buffers.append(values)
    case .utf8: buffers += [offsets, values]
    case .list: buffers.append(offsets)
    case .structure, .fixedSizeList: break
    }
    for child in children { child.collect(nodes: &nodes, buffers: &buffers) }
  }

  private mutating func append(_ step: Step) {
    children[0].append(.integer(step.interval.start.sinceZero.nanoseconds))
    children[1].append(.real(orNull: step.valid))
    children[2].append(.vector(orNull: step.vector))
    mark(present: true)
  }

  /// A whole vector into the numbers of a fixed-size list.
  private mutating func append(present numbers: [Float]) {
    values.append(numbers)
    count += numbers.count
  }

  /// A null takes as much room as a value where rows have a fixed size.
  private mutating func appendNull() {
    switch field.type {
    case .int32, .float32: values.append(zeros: 4)
    case .int64, .timestamp: values.append(zeros: 8)
    case .utf8: offsets.append(littleEndian: Int32(values.count))
    case .list: offsets.append(littleEndian: Int32(children[0].count))
    case .structure: for index in children.indices { children[index].appendNull() }
    case .fixedSizeList(let length):
      children[0].values.append(zeros: 4 * length)
      children[0].count += length
    }
    mark(present: false)
  }

  private mutating func mark(present: Bool) {
    precondition(present || field.isNullable, "null in \(field.name)")
    if count % 8 == 0 { validity.append(0) }
    if present { validity[count / 8] |= 1 << UInt8(count % 8) } else { nullCount += 1 }
    count += 1
  }
}
