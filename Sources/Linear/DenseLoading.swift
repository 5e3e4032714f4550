extension Weights {
  /// Whether layers have a `.bias` beside their `.weight`.
  package enum Bias: Sendable {
    case present, absent
    /// Some of them have: the others get zeros.
    case ifThere
  }

  /// One linear layer: `name.weight` of `shape`, [outputs, inputs] or a convolution's [outputs, channels, …].
  package func dense(
    _ name: String, _ shape: [Int], bias: Bias = .present, engine: Engine
  ) throws(LinearError) -> Dense { try dense([name], shape, bias: bias, engine: engine) }

  /// Layers of the same input and shape as one, their outputs side by side: queries, keys and values.
  package func dense(
    _ names: [String], _ shape: [Int], bias: Bias = .present, engine: Engine
  ) throws(LinearError) -> Dense {
    precondition(!names.isEmpty && shape.count >= 2, "a layer has outputs and inputs")
    var parts: [Found] = [], biases: [Float] = []
    for name in names {
      parts.append(try find("\(name).weight", shape))
      biases += try self.bias("\(name).bias", shape[0], bias)
    }
    let (height, width) = (shape[0], shape.dropFirst().reduce(1, *))
    return try Dense(outputs: names.count * height, inputs: width, bias: biases, engine: engine) {
      rows, out throws(LinearError) in
      for (n, part) in parts.enumerated() {
        let own = rows.clamped(to: n * height..<(n + 1) * height)
        guard !own.isEmpty else { continue }
        let within = (own.lowerBound - n * height) * width..<(own.upperBound - n * height) * width
        try part.read(within, out + (own.lowerBound - rows.lowerBound) * width)
      }
    }
  }

  private func bias(_ name: String, _ outputs: Int, _ bias: Bias) throws(LinearError) -> [Float] {
    switch bias {
    case .present: try values(name, [outputs])
    case .absent: []
    case .ifThere: contains(name) ? try values(name, [outputs]) : [Float](repeating: 0, count: outputs)
    }
  }
}
