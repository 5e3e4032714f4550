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
    output.resize(rows: input.rows, columns: input.columns)
    input.values.withPointer { from in
      output.withStorage { out in if let from { apply(from, out, input.rows, input.columns, engine) } }
    }
  }

  package func apply(to matrix: inout Matrix, engine: Engine) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    matrix.withStorage { apply($0, $0, rows, columns, engine) }
  }

  private func apply(
    _ from: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, _ engine: Engine
  ) {
    precondition(columns == weight.count, "\(columns) columns for a norm of \(weight.count)")
    engine.perform(rows, cost: columns / 4) { part in
      let start = part.lowerBound * columns
      bias.withPointer { bias in
        tk_layer_norm(from + start, part.count, columns, weight, bias, epsilon, out + start)
      }
    }
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
    output.resize(rows: input.rows, columns: input.columns)
    input.values.withPointer { from in
      output.withStorage { out in if let from { apply(from, out, input.rows, input.columns, engine) } }
    }
  }

  package func apply(to matrix: inout Matrix, engine: Engine) {
    let (rows, width) = (matrix.rows, matrix.columns)
    matrix.withStorage { apply($0, $0, rows, width, engine) }
  }

  private func apply(
    _ from: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ rows: Int, _ width: Int, _ engine: Engine
  ) {
    precondition(width % columns == 0, "rows of \(width) are not whole runs of \(columns)")
    engine.perform(rows, cost: width / 4) { part in
      let start = part.lowerBound * width
      weight.withPointer { weight in
        tk_rms_norm(from + start, part.count * width / columns, columns, weight, epsilon, out + start)
      }
    }
  }
}
