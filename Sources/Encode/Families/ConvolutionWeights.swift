import Linear

extension Weights {
  /// A convolution as a product: `name.weight` of `shape`, [outputs, …, a, b], whose inputs lie as [b, a], so that
  /// what lies side by side in a spectrogram [time, band] is copied in runs. Biases are the caller's.
  func transposedConvolution(
    _ name: String, _ shape: [Int], bias: [Float]? = nil, engine: Engine
  ) throws(LinearError) -> Dense {
    let (a, b) = (shape[shape.count - 2], shape[shape.count - 1])
    let values = try values("\(name).weight", shape)
    var transposed: [Float] = []
    transposed.reserveCapacity(values.count)
    for start in stride(from: 0, to: values.count, by: a * b) {
      for column in 0..<b { for row in 0..<a { transposed.append(values[start + row * b + column]) } }
    }
    return try Dense(
      Matrix(rows: shape[0], columns: values.count / shape[0], values: transposed), bias: bias, engine: engine)
  }
}
