/// A linear layer, prepared for its engine: x · Wᵀ + b, and what follows it in the same pass.
package final class Dense: Sendable {
  package let inputs: Int
  package let outputs: Int
  private let engine: Engine
  private let weight: any PackedWeight
  private let bias: [Float]

  /// weight: [outputs, inputs], as torch lays it out; bias: [outputs].
  /// - Throws: `LinearError.engine` where there is no memory for it.
  package convenience init(_ weight: Matrix, bias: [Float]? = nil, engine: Engine) throws(LinearError) {
    let columns = weight.columns
    try self.init(outputs: weight.rows, inputs: columns, bias: bias ?? [], engine: engine) { rows, out in
      weight.values.withUnsafeBufferPointer {
        out.update(from: $0.baseAddress! + rows.lowerBound * columns, count: rows.count * columns)
      }
    }
  }

  /// - Parameters:
  ///   - bias: [outputs], or empty.
  ///   - rows: gives rows of the weight [outputs, inputs].
  init(outputs: Int, inputs: Int, bias: [Float], engine: Engine, rows: RowSource) throws(LinearError) {
    precondition(outputs > 0 && inputs > 0, "a layer has inputs and outputs")
    precondition(bias.isEmpty || bias.count == outputs, "a bias per output")
    self.inputs = inputs
    self.outputs = outputs
    self.engine = engine
    self.bias = bias
    weight = try engine.pack(columns: outputs, depth: inputs, from: rows)
  }

  /// output [rows, outputs] = activation(input [rows, inputs] · Wᵀ + b)
  package func apply(_ input: Matrix, to output: inout Matrix, _ activation: Activation = .none) {
    output.resize(rows: input.rows, columns: outputs)
    multiply(input, &output, activation, adds: false)
  }

  /// sum [rows, outputs] += input [rows, inputs] · Wᵀ + b: a residual connection.
  package func apply(_ input: Matrix, addingTo sum: inout Matrix) {
    precondition(sum.rows == input.rows && sum.columns == outputs, "a sum of the output's shape")
    multiply(input, &sum, .none, adds: true)
  }

  private func multiply(_ input: Matrix, _ output: inout Matrix, _ activation: Activation, adds: Bool) {
    precondition(input.columns == inputs, "\(input.columns) columns for a layer of \(inputs) inputs")
    guard input.rows > 0 else { return }
    Operations.add(rows: input.rows, columns: outputs, depth: inputs)
    multiply(input.values, &output.values, input.rows, activation, adds)
  }

  private func multiply(
    _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ rows: Int, _ activation: Activation,
    _ adds: Bool
  ) {
    bias.withPointer { bias in
      let call = ProductCall(
        input: input, output: output, rows: rows, adds: adds, bias: bias, activation: activation)
      if rows >= Self.manyRows * engine.threads { shareRows(call) } else { shareColumns(call) }
    }
  }

  /// Each thread computes some of the outputs of all rows: the weight is read once.
  private func shareColumns(_ call: ProductCall) {
    let granule = weight.granule
    engine.perform(outputs.roundedUp(to: granule) / granule, cost: call.rows * inputs * granule / 100) { granules in
      weight.multiply(call, columns: granules.lowerBound * granule..<min(outputs, granules.upperBound * granule))
    }
  }

  /// Each thread computes all outputs of some rows.
  private func shareRows(_ call: ProductCall) {
    engine.perform(call.rows, cost: inputs * outputs / 100) { rows in
      let part = ProductCall(
        input: call.input + rows.lowerBound * inputs, output: call.output + rows.lowerBound * outputs,
        rows: rows.count, adds: call.adds, bias: call.bias, activation: call.activation)
      weight.multiply(part, columns: 0..<outputs)
    }
  }

  /// So many rows keep a thread busy with each part of a weight that it reads.
  private static let manyRows = 96
}
