import Media

/// The Arrow types that records are made of. Children hang on the field.
enum ArrowType: Hashable, Sendable {
  case int32, int64, float32, utf8
  /// Microseconds, UTC.
  case timestamp
  case list, structure
  case fixedSizeList(Int)
}

/// A named, typed column or a part of one.
struct ArrowField: Hashable, Sendable {
  var name: String
  var type: ArrowType
  var isNullable = true
  var children: [ArrowField] = []
}

/// What an Arrow stream says of itself before its first row.
struct ArrowSchema: Sendable {
  var fields: [ArrowField]
  var metadata: [(key: String, value: String)]

  func metadata(_ key: String) -> String? { metadata.first { $0.key == key }?.value }
}

extension RecordLayout {
  var arrowSchema: ArrowSchema { ArrowSchema(fields: recordColumns.map(\.arrowField), metadata: metadata) }
}

extension RecordColumn {
  /// List children are nullable and named `item`: what readers expect.
  fileprivate var arrowField: ArrowField {
    let (type, children) = arrowType
    return ArrowField(name: name, type: type, isNullable: isNullable, children: children)
  }

  private var arrowType: (ArrowType, [ArrowField]) {
    switch kind {
    case .text: (.utf8, [])
    case .int32: (.int32, [])
    case .int64: (.int64, [])
    case .real: (.float32, [])
    case .wall: (.timestamp, [])
    case .integers: (.list, [ArrowField(name: "item", type: .int64)])
    case .vector(let length): (.fixedSizeList(length), [ArrowField(name: "item", type: .float32)])
    case .steps(let length): (.list, [ArrowField(name: "item", type: .structure, children: .step(length))])
    }
  }
}

extension [ArrowField] {
  /// `struct<t_ns: int64, valid: float32, vector: fixed_size_list<float32>[length]>`
  fileprivate static func step(_ length: Int) -> [ArrowField] {
    [
      ArrowField(name: "t_ns", type: .int64), ArrowField(name: "valid", type: .float32),
      ArrowField(
        name: "vector", type: .fixedSizeList(length), children: [ArrowField(name: "item", type: .float32)]),
    ]
  }
}
