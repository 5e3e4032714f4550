package import Linear

/// Patches of a picture or a spectrogram become tokens with positions, class tokens before them.
///
/// A class token enters as a row of zeros: the product leaves it zero, and the table holds its vector. So the tokens
/// of a whole batch are one product and one addition, and nothing is moved.
package struct PatchEmbedding: Sendable {
  /// No bias: that of the checkpoint is part of the table.
  let product: Dense
  /// [class tokens + patches, D]
  let table: Matrix

  /// - Parameters:
  ///   - classes: vectors of the class tokens, [each D].
  ///   - positions: [class tokens + patches, D]
  ///   - bias: of the product, [D]; empty for none.
  package init(product: Dense, bias: [Float] = [], classes: [[Float]] = [], positions: Matrix) {
    precondition(product.outputs == positions.columns && classes.count <= positions.rows, "a position for each token")
    self.product = product
    var table = positions
    for (row, vector) in classes.enumerated() { Self.add(vector, to: &table, row) }
    if !bias.isEmpty { for row in classes.count..<table.rows { Self.add(bias, to: &table, row) } }
    self.table = table
  }

  /// Tokens of one input, class tokens among them.
  package var tokens: Int { table.rows }

  /// patches: [inputs · tokens, patch size], zeros for class tokens → x: [inputs · tokens, D]
  package func apply(_ patches: Matrix, to x: inout Matrix) {
    product.apply(patches, to: &x)
    x.add(table)
  }

  private static func add(_ vector: [Float], to table: inout Matrix, _ row: Int) {
    for (column, value) in vector.enumerated() { table[row, column] += value }
  }
}
