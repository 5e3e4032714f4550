package import Media

/// One JSON object a line, keys in column order, absent is null. `VectorForm.none` leaves vectors and steps out.
package struct NDJSONWriter: RecordWriter {
  package private(set) var counters = Counters()
  private let vectors: VectorForm
  private let columns: [Column]

  /// `key` is all that stands before the value: `{"source":`, then `,"status":` …
  private struct Column: Sendable {
    let content: RecordColumn
    let key: [UInt8]
  }

  package init(_ layout: RecordLayout, vectors: VectorForm = .array) {
    self.vectors = vectors
    let shown = layout.recordColumns.filter { vectors != .none || !$0.holdsVectors }
    columns = shown.enumerated().map { index, column in
      Column(content: column, key: Array("\(index == 0 ? "{" : ",")\"\(column.name)\":".utf8))
    }
  }

  package var opening: [UInt8] { [] }

  /// Key names in order.
  var keys: [String] { columns.map(\.content.name) }

  package mutating func append(_ records: [Embedding], to bytes: inout [UInt8]) {
    for record in records {
      for column in columns {
        bytes.append(contentsOf: column.key)
        append(column.content.cell(record), column.content.kind, to: &bytes)
      }
      bytes.append(ascii: "}")
      bytes.append(ascii: "\n")
    }
  }

  private mutating func append(_ cell: Cell, _ kind: RecordColumn.Kind, to bytes: inout [UInt8]) {
    switch cell {
    case .null: bytes.appendNull()
    case .notFinite:
      counters.add("non_finite_values")
      bytes.appendNull()
    case .text(let text): bytes.appendJSON(text)
    case .integer(let value):
      if kind != .wall {
        bytes.appendJSON(value)
      } else if let text = utcText(microseconds: value) {
        bytes.appendJSON(text)
      } else {
        bytes.appendNull()
      }
    case .real(let value): bytes.appendJSON(value)
    case .integers(let values): bytes.appendJSON(values)
    case .vector(let vector): append(vector, length: kind.length, to: &bytes)
    case .steps(let steps): append(steps, length: kind.length, to: &bytes)
    }
  }

  private func append(_ vector: [Float], length: Int, to bytes: inout [UInt8]) {
    precondition(vector.count == length, "a vector has \(vector.count) numbers, not \(length)")
    switch vectors {
    case .array: bytes.appendJSON(vector)
    case .base64:
      bytes.append(ascii: "\"")
      bytes.appendBase64(vector)
      bytes.append(ascii: "\"")
    case .none: break
    }
  }

  private mutating func append(_ steps: [Step], length: Int, to bytes: inout [UInt8]) {
    bytes.append(ascii: "[")
    for (index, step) in steps.enumerated() {
      bytes.append(contentsOf: (index == 0 ? "{\"t_ns\":" : ",{\"t_ns\":").utf8)
      bytes.appendJSON(step.interval.start.sinceZero.nanoseconds)
      bytes.append(contentsOf: ",\"valid\":".utf8)
      append(.real(orNull: step.valid), .real, to: &bytes)
      bytes.append(contentsOf: ",\"vector\":".utf8)
      append(.vector(orNull: step.vector), .vector(length), to: &bytes)
      bytes.append(ascii: "}")
    }
    bytes.append(ascii: "]")
  }
}

extension RecordColumn.Kind {
  /// How many numbers the vectors of this column have.
  fileprivate var length: Int {
    switch self {
    case .vector(let length), .steps(let length): length
    default: 0
    }
  }
}
