import Linear

/// SigLIP's pooling: a learnt probe asks all tokens, and what it hears goes through a perceptron.
struct ProbeHead: Sendable {
  /// The probe's query, projected once: [1, D].
  let query: Matrix
  /// [D] → keys and values side by side, [2 · D].
  let keysValues: Dense
  let attention: Attention
  let projection: Dense
  let norm: LayerNorm
  let perceptron: Perceptron
  let engine: Engine

  /// x: [rows, D] → vectors: [sequences, D]
  func apply(_ x: Matrix, _ sequences: Sequences, to vectors: inout Matrix, memory: inout ProbeMemory) {
    keysValues.apply(x, to: &memory.keysValues)
    attention.apply(
      .shared(.init(query)), keys: .init(memory.keysValues), values: .init(memory.keysValues, from: query.columns),
      sequences, to: &memory.attended, engine: engine)
    projection.apply(memory.attended, to: &vectors)
    norm.apply(vectors, to: &memory.normed, engine: engine)
    perceptron.expand(memory.normed, to: &memory.hidden)
    perceptron.contract(memory.hidden, addingTo: &vectors)
  }
}

struct ProbeMemory {
  var keysValues = Matrix()
  var attended = Matrix()
  var normed = Matrix()
  var hidden = Matrix()
}

extension Weights {
  /// The head whose tensors stand under here. Queries, keys and values are rows of one weight.
  func probeHead(_ shape: BlockShape, engine: Engine) throws(LinearError) -> ProbeHead {
    let width = shape.width
    let weight = try matrix("attention.in_proj_weight", [3 * width, width])
    let bias = try values("attention.in_proj_bias", [3 * width])
    let probe = Matrix(rows: 1, columns: width, values: try values("probe", [1, 1, width]))
    let asking = try Dense(weight.rows(0..<width), bias: Array(bias[..<width]), engine: engine)
    var query = Matrix()
    asking.apply(probe, to: &query)
    return ProbeHead(
      query: query, keysValues: try Dense(weight.rows(width..<3 * width), bias: Array(bias[width...]), engine: engine),
      attention: Attention(heads: shape.heads, width: width / shape.heads),
      projection: try dense("attention.out_proj", [width, width], engine: engine),
      norm: try layerNorm("layernorm", columns: width, epsilon: shape.epsilon),
      perceptron: try perceptron("mlp.fc1", "mlp.fc2", shape, engine: engine), engine: engine)
  }
}

extension Matrix {
  /// A copy of some rows.
  func rows(_ range: Range<Int>) -> Matrix {
    Matrix(
      rows: range.count, columns: columns,
      values: Array(values[range.lowerBound * columns..<range.upperBound * columns]))
  }
}
