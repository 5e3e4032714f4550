/// A large table of which few rows are needed at a time, e.g. token embeddings: its rows are read when asked for.
package struct RowTable: Sendable {
  package let rows: Int
  package let columns: Int
  private let found: Weights.Found

  init(_ found: Weights.Found) {
    rows = found.tensor.shape[0]
    columns = found.tensor.shape[1]
    self.found = found
  }

  /// out [indices, columns] = the rows of these numbers.
  /// - Throws: `LinearError.tensor` for a number that the table does not have, and what reading may give.
  package func gather(_ indices: [Int], to out: inout Matrix) throws(LinearError) {
    out.resize(rows: indices.count, columns: columns)
    for (row, index) in indices.enumerated() {
      guard 0 <= index && index < rows else {
        throw .tensor(file: found.file.path, name: found.name, reason: "has no row \(index), only \(rows)")
      }
      try found.read(index * columns..<(index + 1) * columns, row * columns, of: &out.values)
    }
  }
}

extension Weights {
  /// A tensor of exactly this shape, [rows, columns], left in its file.
  package func table(_ name: String, _ shape: [Int]) throws(LinearError) -> RowTable {
    precondition(shape.count == 2, "a table has rows and columns")
    return RowTable(try find(name, shape))
  }
}
