import CKernels

/// (x − mean) / √(variance + ε) · weight + bias over each row, with the biased variance.
package struct LayerNorm: Sendable {
  private let weight: [Float]
  private let bias: [Float]
  private let epsilon: Float

  /// weight, bias: [columns]
  package init(weight: [Float], bias: [Float]? = nil, epsilon: Float) {
    precondition(bias == nil || bias?.count == weight.count, "a bias per weight")
    self.weight = weight
    self.bias = bias ?? []
    self.epsilon = epsilon
  }

  /// output [rows, columns] = norm of input [rows, columns]
  package func apply(_ input: Matrix, to output: inout Matrix, engine: Engine) {
    check(input)
    input.mapRows(to: &output, engine) { normalize($0, $1, rows: $2) }
  }

  package func apply(to matrix: inout Matrix, engine: Engine) {
    check(matrix)
    matrix.mapRows(engine) { normalize($0, $1, rows: $2) }
  }

  private func check(_ matrix: Matrix) {
    precondition(matrix.columns == weight.count, "\(matrix.columns) columns for a norm of \(weight.count)")
  }

  private func normalize(_ from: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, rows: Int) {
    bias.withPointer { tk_layer_norm(from, rows, weight.count, weight, $0, epsilon, out) }
  }
}

/// x / √(mean x² + ε) · weight over each row.
package struct RMSNorm: Sendable {
  private let columns: Int
  private let weight: [Float]
  private let epsilon: Float

  /// weight: [columns]; nil for none.
  package init(columns: Int, weight: [Float]? = nil, epsilon: Float) {
    precondition(weight == nil || weight?.count == columns, "a weight per column")
    self.columns = columns
    self.weight = weight ?? []
    self.epsilon = epsilon
  }

  /// output = norm of input, over runs of `columns`: a row may hold several, e.g. one for each head.
  package func apply(_ input: Matrix, to output: inout Matrix, engine: Engine) {
    check(input)
    input.mapRows(to: &output, engine) { normalize($0, $1, runs: $2 * input.columns / columns) }
  }

  package func apply(to matrix: inout Matrix, engine: Engine) {
    check(matrix)
    let width = matrix.columns
    matrix.mapRows(engine) { normalize($0, $1, runs: $2 * width / columns) }
  }

  private func check(_ matrix: Matrix) {
    precondition(matrix.columns % columns == 0, "rows of \(matrix.columns) are not whole runs of \(columns)")
  }

  private func normalize(_ from: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, runs: Int) {
    weight.withPointer { tk_rms_norm(from, runs, columns, $0, epsilon, out) }
  }
}

extension Matrix {
  /// Makes some rows of others: from where, to where, how many.
  fileprivate typealias RowWork = (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void

  /// output [rows, columns] = what `work` makes of these rows; threads share them.
  fileprivate func mapRows(to output: inout Matrix, _ engine: Engine, _ work: RowWork) {
    output.resize(rows: rows, columns: columns)
    values.withPointer { from in
      output.withStorage { out in if let from { Self.mapRows(from, out, rows, columns, engine, work) } }
    }
  }

  fileprivate mutating func mapRows(_ engine: Engine, _ work: RowWork) {
    let (rows, columns) = (rows, columns)
    withStorage { Self.mapRows($0, $0, rows, columns, engine, work) }
  }

  private static func mapRows(
    _ from: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, _ engine: Engine,
    _ work: RowWork
  ) {
    engine.perform(rows, cost: columns / 4) { part in
      let start = part.lowerBound * columns
      work(from + start, out + start, part.count)
    }
  }
}
