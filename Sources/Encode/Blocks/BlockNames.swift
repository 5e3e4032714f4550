package import Linear

/// What the layers of a block are called in a checkpoint.
package struct BlockNames: Sendable {
  let attentionNorm: String
  let queriesKeysValues: [String]
  let projection: String
  let perceptronNorm: String
  let expand: String
  let contract: String
  /// Of queries, keys and values: Whisper's keys have none.
  let fusedBias: Weights.Bias

  /// CLIP, SigLIP.
  package static let clip = BlockNames(
    attentionNorm: "layer_norm1", queriesKeysValues: ["q_proj", "k_proj", "v_proj"].map { "self_attn.\($0)" },
    projection: "self_attn.out_proj", perceptronNorm: "layer_norm2", expand: "mlp.fc1", contract: "mlp.fc2")

  package init(
    attentionNorm: String, queriesKeysValues: [String], projection: String, perceptronNorm: String, expand: String,
    contract: String, fusedBias: Weights.Bias = .present
  ) {
    self.attentionNorm = attentionNorm
    self.queriesKeysValues = queriesKeysValues
    self.projection = projection
    self.perceptronNorm = perceptronNorm
    self.expand = expand
    self.contract = contract
    self.fusedBias = fusedBias
  }
}

/// The sizes that the blocks of one transformer have in common.
package struct BlockShape: Sendable {
  /// D
  let width: Int
  let heads: Int
  /// Columns inside the perceptron.
  let inner: Int
  let activation: Activation
  let epsilon: Float

  /// - Parameter heads: divides `width`.
  package init(width: Int, heads: Int, inner: Int, activation: Activation, epsilon: Float) {
    precondition(width >= 1 && heads >= 1 && width % heads == 0 && inner >= 1, "whole heads")
    self.width = width
    self.heads = heads
    self.inner = inner
    self.activation = activation
    self.epsilon = epsilon
  }
}

extension Weights {
  /// The block whose tensors stand under here.
  package func block(
    _ names: BlockNames, _ shape: BlockShape, norms: TransformerBlock.Norms = .before, engine: Engine
  ) throws(LinearError) -> TransformerBlock {
    let width = shape.width
    return TransformerBlock(
      norms: norms,
      attentionNorm: try layerNorm(names.attentionNorm, columns: width, epsilon: shape.epsilon),
      queriesKeysValues: try dense(
        names.queriesKeysValues, [width, width], bias: names.fusedBias, engine: engine),
      attention: Attention(heads: shape.heads, width: width / shape.heads),
      projection: try dense(names.projection, [width, width], engine: engine),
      perceptron: try perceptron(names.expand, names.contract, shape, engine: engine),
      perceptronNorm: try layerNorm(names.perceptronNorm, columns: width, epsilon: shape.epsilon),
      engine: engine)
  }

  /// Blocks 0 ..< count under `name`.0, `name`.1, …
  package func blocks(
    _ name: String, count: Int, _ names: BlockNames, _ shape: BlockShape, norms: TransformerBlock.Norms = .before,
    engine: Engine
  ) throws(LinearError) -> [TransformerBlock] {
    var blocks: [TransformerBlock] = []
    for index in 0..<count {
      blocks.append(try under("\(name).\(index).").block(names, shape, norms: norms, engine: engine))
    }
    return blocks
  }

  package func perceptron(
    _ expand: String, _ contract: String, _ shape: BlockShape, engine: Engine
  ) throws(LinearError) -> Perceptron {
    Perceptron(
      first: try dense(expand, [shape.inner, shape.width], engine: engine),
      second: try dense(contract, [shape.width, shape.inner], engine: engine), activation: shape.activation)
  }
}
