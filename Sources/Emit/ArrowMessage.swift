/// Arrow's IPC messages: a marker, the length of the metadata, the metadata as a FlatBuffer, the body.
/// Source: Apache Arrow, "Arrow Columnar Format", IPC; Message.fbs, Schema.fbs (metadata version 5).
enum ArrowMessage {
  static let marker: UInt32 = 0xFFFF_FFFF
  static let endOfStream: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]

  /// Values of the union `MessageHeader`.
  enum Header: UInt8 {
    case schema = 1
    case recordBatch = 3
  }

  /// Values of the union `Type`.
  enum TypeTag: UInt8 {
    case integer = 2
    case floatingPoint = 3
    case utf8 = 5
    case timestamp = 10
    case list = 12
    case structure = 13
    case fixedSizeList = 16
  }

  static func schema(_ schema: ArrowSchema) -> [UInt8] {
    var builder = FlatBuilder()
    let fields = builder.vector(schema.fields.map { field($0, &builder) })
    let metadata = builder.vector(schema.metadata.map { keyValue($0.key, $0.value, &builder) })
    let table = builder.table([(1, .reference(fields)), (2, .reference(metadata))])
    return framed(.schema, table, bodyLength: 0, &builder)
  }

  /// nodes: (rows, nulls) of each field, depth first; buffers: (offset, length) of each buffer in the body.
  static func recordBatch(rows: Int, nodes: [Int64], buffers: [Int64], bodyLength: Int) -> [UInt8] {
    var builder = FlatBuilder()
    let nodes = builder.pairs(nodes)
    let buffers = builder.pairs(buffers)
    let table = builder.table([(0, .i64(Int64(rows))), (1, .reference(nodes)), (2, .reference(buffers))])
    return framed(.recordBatch, table, bodyLength: bodyLength, &builder)
  }

  private static func framed(
    _ header: Header, _ table: FlatBuilder.Reference, bodyLength: Int, _ builder: inout FlatBuilder
  ) -> [UInt8] {
    let version5: Int16 = 4
    let message = builder.table([
      (0, .i16(version5)), (1, .u8(header.rawValue)), (2, .reference(table)), (3, .i64(Int64(bodyLength))),
    ])
    let metadata = builder.finish(message)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + metadata.count)
    bytes.append(littleEndian: marker)
    bytes.append(littleEndian: Int32(metadata.count))
    bytes.append(contentsOf: metadata)
    return bytes
  }

  private static func field(_ field: ArrowField, _ builder: inout FlatBuilder) -> FlatBuilder.Reference {
    let children = builder.vector(field.children.map { self.field($0, &builder) })
    let (tag, type) = type(field.type, &builder)
    let name = builder.string(field.name)
    return builder.table([
      (0, .reference(name)), (1, .u8(field.isNullable ? 1 : 0)), (2, .u8(tag.rawValue)), (3, .reference(type)),
      (5, .reference(children)),
    ])
  }

  private static func type(_ type: ArrowType, _ builder: inout FlatBuilder) -> (TypeTag, FlatBuilder.Reference) {
    switch type {
    case .int32: return (.integer, builder.table([(0, .i32(32)), (1, .u8(1))]))
    case .int64: return (.integer, builder.table([(0, .i32(64)), (1, .u8(1))]))
    case .float32: return (.floatingPoint, builder.table([(0, .i16(1))]))
    case .utf8: return (.utf8, builder.table([]))
    case .timestamp:
      let zone = builder.string("UTC")
      return (.timestamp, builder.table([(0, .i16(2)), (1, .reference(zone))]))
    case .list: return (.list, builder.table([]))
    case .structure: return (.structure, builder.table([]))
    case .fixedSizeList(let length): return (.fixedSizeList, builder.table([(0, .i32(Int32(length)))]))
    }
  }

  private static func keyValue(
    _ key: String, _ value: String, _ builder: inout FlatBuilder
  ) -> FlatBuilder.Reference {
    let key = builder.string(key)
    let value = builder.string(value)
    return builder.table([(0, .reference(key)), (1, .reference(value))])
  }
}
