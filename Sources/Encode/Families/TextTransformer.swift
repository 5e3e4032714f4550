import Linear

/// A text encoder that ends in the vector of one token, for CLIP and SigLIP.
///
/// That token's row comes first, those before it follow in reverse: the last block then computes only first rows.
struct TextTransformer: Sendable {
  let embeddings: RowTable
  let positions: Matrix
  let blocks: [TransformerBlock]
  /// A token sees itself and those before it.
  let mask: ScoreBias?
  let norm: LayerNorm
  let projection: Dense?
  let engine: Engine

  var dimensions: Int { projection?.outputs ?? embeddings.columns }

  init(
    _ weights: Weights, _ sizes: TransformerSizes, vocabulary: Int, positions: Int, isCausal: Bool,
    projection: Dense?, _ engine: Engine
  ) throws(LinearError) {
    let shape = sizes.block
    embeddings = try weights.table("embeddings.token_embedding.weight", [vocabulary, shape.width])
    self.positions = try weights.matrix("embeddings.position_embedding.weight", [positions, shape.width])
    blocks = try weights.blocks("encoder.layers", count: sizes.layers, .clip, shape, engine: engine)
    mask = isCausal ? ScoreBias(tokens: positions) { query, key in key >= query } : nil
    norm = try weights.layerNorm("final_layer_norm", columns: shape.width, epsilon: shape.epsilon)
    self.projection = projection
    self.engine = engine
  }
}

struct TextTransformerMemory {
  private var x = Matrix()
  private var positions = Matrix()
  private var first = Matrix()
  private var normed = Matrix()
  private var scratch = BlockScratch()

  /// texts: the ids of each up to the token whose vector is wanted, at least one → vectors: [texts, dimensions].
  mutating func run(_ model: TextTransformer, _ texts: [[Int32]], to vectors: inout Matrix) throws(LinearError) {
    try model.embeddings.gather(texts.flatMap { $0.reversed().map { Int($0) } }, to: &x)
    positions.gather(texts.flatMap { (0..<Int32($0.count)).reversed() }, from: model.positions)
    x.add(positions)
    let sequences = Sequences(lengths: texts.map(\.count))
    model.blocks.apply(toFirstOf: &x, sequences, bias: model.mask, to: &first, scratch: &scratch)
    model.norm.apply(first, to: &normed, engine: model.engine)
    if let projection = model.projection {
      projection.apply(normed, to: &vectors)
    } else {
      swap(&normed, &vectors)
    }
  }
}
