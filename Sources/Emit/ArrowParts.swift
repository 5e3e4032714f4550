/// What the messages of a stream say, read from metadata that may be hostile.
extension ArrowSchema {
  /// Fields in all, nested ones too, and how deep they nest: far above what records need.
  private static let fieldLimit = 1024
  private static let depthLimit = 8

  init(_ table: FlatTable) throws(ArrowFault) {
    guard try table.integer(0, default: Int16(0)) == 0 else { throw .malformed("big-endian numbers") }
    var room = Self.fieldLimit
    fields = []
    for field in try table.tables(1, limit: room) {
      fields.append(try ArrowField(field, depth: Self.depthLimit, room: &room))
    }
    metadata = []
    for pair in try table.tables(2, limit: 256) {
      metadata.append((try pair.string(0) ?? "", try pair.string(1) ?? ""))
    }
  }
}

extension ArrowField {
  fileprivate init(_ table: FlatTable, depth: Int, room: inout Int) throws(ArrowFault) {
    room -= 1
    guard depth > 0, room >= 0 else { throw .malformed("too many fields") }
    guard try table.table(4) == nil else { throw .malformed("a dictionary") }
    name = try table.string(0) ?? ""
    isNullable = try table.integer(1, default: UInt8(0)) != 0
    type = try ArrowType(tag: table.integer(2), table.table(3))
    children = []
    for child in try table.tables(5, limit: room) {
      children.append(try ArrowField(child, depth: depth - 1, room: &room))
    }
  }

  /// Buffers of this field alone: validity, then offsets and values as the type has them.
  fileprivate var bufferCount: Int {
    switch type {
    case .structure, .fixedSizeList: 1
    case .int32, .int64, .float32, .timestamp, .list: 2
    case .utf8: 3
    }
  }

  /// Nodes and buffers that it and its children take in a record batch.
  var extent: (nodes: Int, buffers: Int) {
    children.reduce(into: (1, bufferCount)) { sum, child in
      let extent = child.extent
      sum = (sum.0 + extent.nodes, sum.1 + extent.buffers)
    }
  }
}

extension ArrowType {
  /// The types that records are made of; others throw.
  fileprivate init(tag: UInt8, _ table: FlatTable?) throws(ArrowFault) {
    switch ArrowMessage.TypeTag(rawValue: tag) {
    case .integer where try table?.integer(0) == Int32(32): self = .int32
    case .integer where try table?.integer(0) == Int32(64): self = .int64
    case .floatingPoint where try table?.integer(0) == Int16(1): self = .float32
    case .utf8: self = .utf8
    case .timestamp where try table?.integer(0) == Int16(2): self = .timestamp
    case .list: self = .list
    case .structure: self = .structure
    case .fixedSizeList: self = .fixedSizeList(Int(try table?.integer(0, default: Int32(0)) ?? 0))
    default: throw .malformed("a column of a type that records do not have")
    }
  }
}

/// The shape of one record batch, and where its buffers lie in the file.
package struct ArrowBatch: Sendable {
  package let rowCount: Int
  let nullCounts: [Int]
  let buffers: [Range<Int>]

  /// body: where the message's body lies in the file. Everything is checked to lie inside.
  init(_ table: FlatTable, body: Range<Int>, _ schema: ArrowSchema) throws(ArrowFault) {
    guard try table.table(3) == nil else { throw .malformed("a compressed batch") }
    let extent = ArrowField(name: "", type: .structure, children: schema.fields).extent
    let nodes = try table.pairs(1, limit: extent.nodes)
    let places = try table.pairs(2, limit: extent.buffers)
    guard nodes.count == extent.nodes - 1, places.count == extent.buffers - 1 else {
      throw .malformed("a batch that does not have its schema's columns")
    }
    let rows: Int64 = try table.integer(0)
    guard (0...Int64(Int32.max)).contains(rows), nodes.allSatisfy({ $0.0 >= 0 && $0.1 >= 0 && $0.1 <= $0.0 }) else {
      throw .malformed("a batch with an impossible number of rows")
    }
    var buffers: [Range<Int>] = []
    for (offset, length) in places {
      guard offset >= 0, length >= 0, offset <= body.count, length <= Int64(body.count) - offset else {
        throw .malformed("a buffer beyond its batch")
      }
      buffers.append(body.lowerBound + Int(offset)..<body.lowerBound + Int(offset + length))
    }
    rowCount = Int(rows)
    nullCounts = nodes.map { Int($0.1) }
    self.buffers = buffers
  }
}
