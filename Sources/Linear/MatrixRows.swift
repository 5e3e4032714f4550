import CKernels

/// What moves or joins whole rows.
extension Matrix {
  /// Row r becomes row `indices[r]` of `source`: windows, rolls, merged patches, classes.
  /// - Parameter engine: whose threads share the rows; nil for the caller alone.
  package mutating func gather(_ indices: [Int32], from source: Matrix, engine: Engine? = nil) {
    resize(rows: indices.count, columns: source.columns)
    let width = columns
    source.values.withUnsafeBufferPointer { from in
      withStorage { out in
        func copy(_ rows: Range<Int>) {
          for row in rows {
            let index = Int(indices[row])
            precondition(0 <= index && index < source.rows, "row \(index) of \(source.rows)")
            (out + row * width).update(from: from.baseAddress! + index * width, count: width)
          }
        }
        if let engine { engine.perform(indices.count, cost: width / 4, copy) } else { copy(0..<indices.count) }
      }
    }
  }

  /// Writes the rows of `block` over the rows from `row` on.
  package mutating func copy(_ block: Matrix, at row: Int) {
    precondition(block.columns == columns && row >= 0 && row + block.rows <= rows, "a block inside the matrix")
    let start = row * columns
    block.values.withUnsafeBufferPointer { from in
      guard let base = from.baseAddress else { return }
      withStorage { ($0 + start).update(from: base, count: from.count) }
    }
  }

  /// Adds a table to each run of `table.rows` rows, e.g. positions to every sequence of a batch.
  package mutating func add(_ table: Matrix) {
    precondition(table.columns == columns && table.rows > 0 && rows % table.rows == 0, "whole runs of the table")
    let count = values.count
    table.values.withUnsafeBufferPointer { right in
      guard let base = right.baseAddress else { return }
      withStorage { left in
        for start in stride(from: 0, to: count, by: right.count) { tk_add(left + start, base, right.count) }
      }
    }
  }

  /// Element by element, e.g. a gate.
  package mutating func multiply(_ other: Matrix) {
    precondition(other.rows == rows && other.columns == columns, "the same shape")
    other.values.withUnsafeBufferPointer { right in
      guard let base = right.baseAddress else { return }
      withStorage { tk_multiply($0, base, right.count) }
    }
  }

  package mutating func scale(by factor: Float) {
    withStorage { [count = values.count] in for i in 0..<count { $0[i] *= factor } }
  }

  /// values = activation(values).
  package mutating func activate(_ activation: Activation) {
    let (rows, columns) = (rows, columns)
    withStorage { tk_bias_activation($0, columns, rows, columns, nil, activation.code) }
  }

  /// The mean of some rows: [columns]; zeros for none.
  package func mean(ofRows range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    var sum = [Float](repeating: 0, count: columns)
    values.withUnsafeBufferPointer { from in
      for row in range { tk_add(&sum, from.baseAddress! + row * columns, columns) }
    }
    return range.isEmpty ? sum : sum.map { $0 / Float(range.count) }
  }

  package func transposed() -> Matrix {
    var out = Matrix(rows: columns, columns: rows)
    for row in 0..<rows { for column in 0..<columns { out[column, row] = self[row, column] } }
    return out
  }
}
