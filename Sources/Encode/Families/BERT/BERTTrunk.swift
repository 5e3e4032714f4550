import Linear

/// Embeddings and post-norm blocks of BERT and RoBERTa, without padding: every text is a sequence of its own.
struct BERTTrunk: Sendable {
  let shape: BERTShape
  let engine: Engine
  /// [vocabulary, D]
  fileprivate let words: Matrix
  /// [positions, D], with the embedding of the first kind of token already in it.
  fileprivate let positions: Matrix
  fileprivate let norm: LayerNorm
  fileprivate let blocks: [TransformerBlock]

  init(_ weights: Weights, _ shape: BERTShape, _ engine: Engine) throws(LinearError) {
    let width = shape.blocks.width
    let embeddings = weights.under("embeddings.")
    words = try embeddings.matrix("word_embeddings.weight", [shape.vocabulary, width])
    var positions = try embeddings.matrix("position_embeddings.weight", [shape.positions, width])
    let kinds = try embeddings.matrix("token_type_embeddings.weight", [shape.kinds, width])
    positions.add(Matrix(rows: 1, columns: width, values: Array(kinds.row(0))))
    self.positions = positions
    norm = try embeddings.layerNorm("LayerNorm", columns: width, epsilon: shape.blocks.epsilon)
    blocks = try weights.blocks(
      "encoder.layer", count: shape.layers, Self.names, shape.blocks, norms: .after, engine: engine)
    self.shape = shape
    self.engine = engine
  }

  private static let names = BlockNames(
    attentionNorm: "attention.output.LayerNorm",
    queriesKeysValues: ["query", "key", "value"].map { "attention.self.\($0)" },
    projection: "attention.output.dense", perceptronNorm: "output.LayerNorm", expand: "intermediate.dense",
    contract: "output.dense")
}

/// The sizes of a trunk.
struct BERTShape: Sendable {
  let vocabulary: Int
  let positions: Int
  /// Kinds of tokens ("token types"), of which only the first is used.
  let kinds: Int
  let layers: Int
  let blocks: BlockShape
  /// Position of a text's first token.
  let firstPosition: Int
  /// A token that does not move on the positions of those after it, and stands at the position of its own number.
  let padding: Int32?

  /// vocabulary, positions, kinds: what the model's class has where config.json says nothing.
  init(
    _ settings: Settings, vocabulary: Int, positions: Int, kinds: Int, firstPosition: Int, padding: Int32?
  ) throws(LinearError) {
    self.vocabulary = try settings.count("vocab_size", default: vocabulary, in: 1...1 << 24)
    self.positions = try settings.count("max_position_embeddings", default: positions, in: firstPosition + 1...1 << 20)
    self.kinds = try settings.count("type_vocab_size", default: kinds, in: 1...1 << 10)
    self.firstPosition = firstPosition
    self.padding = padding
    layers = try settings.count("num_hidden_layers", default: 12, in: 1...1 << 10)
    blocks = try settings.blockShape(
      width: "hidden_size", heads: "num_attention_heads", inner: ("intermediate_size", 3072),
      activation: "hidden_act", epsilon: ("layer_norm_eps", 1e-12))
    try settings.checkLayers(
      tokens: limit, together: 1, ("intermediate_size", blocks.inner), ("hidden_size", 3 * blocks.width))
  }

  /// Tokens of one text at most.
  var limit: Int { positions - firstPosition }
}

/// Runs a trunk; keeps its buffers.
struct BERTTrunkRunner {
  private let trunk: BERTTrunk
  private var ids: [Int32] = []
  private var places: [Int32] = []
  /// [tokens of all texts, D]
  private(set) var tokens = Matrix()
  private var added = Matrix()
  private var scratch = BlockScratch()

  init(_ trunk: BERTTrunk) { self.trunk = trunk }

  /// Sets `tokens`; returns which rows belong to which text.
  /// - Parameter batch: ids of each text, each not empty.
  mutating func encode(_ batch: [[Int32]]) -> Sequences {
    let sequences = embed(batch)
    trunk.blocks.apply(to: &tokens, sequences, scratch: &scratch)
    return sequences
  }

  /// Only the first token of each text → first: [texts, D].
  mutating func encodeFirst(_ batch: [[Int32]], to first: inout Matrix) {
    let sequences = embed(batch)
    trunk.blocks.apply(toFirstOf: &tokens, sequences, to: &first, scratch: &scratch)
  }

  private mutating func embed(_ batch: [[Int32]]) -> Sequences {
    ids.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for text in batch {
      ids += text
      place(text)
    }
    tokens.gather(ids, from: trunk.words)
    added.gather(places, from: trunk.positions)
    if !batch.isEmpty { tokens.add(added) }
    trunk.norm.apply(to: &tokens, engine: trunk.engine)
    return Sequences(lengths: batch.map(\.count))
  }

  private mutating func place(_ text: [Int32]) {
    var next = Int32(trunk.shape.firstPosition)
    for id in text {
      if id == trunk.shape.padding {
        places.append(id)
      } else {
        places.append(next)
        next += 1
      }
    }
  }
}
