import Linear

/// Overlapping patches of a spectrogram and two class tokens through pre-norm blocks.
struct ASTEncoder: Sendable {
  let shape: BlockShape
  let grid: SpectrogramPatches
  let patches: PatchEmbedding
  let blocks: [TransformerBlock]
  let norm: LayerNorm
  let engine: Engine

  init(_ weights: Weights, _ settings: Settings, _ features: ASTFeatures, _ engine: Engine) throws(LinearError) {
    shape = try settings.blockShape(
      width: "hidden_size", heads: "num_attention_heads", inner: ("intermediate_size", 3072), activation: "hidden_act",
      epsilon: ("layer_norm_eps", 1e-12))
    grid = try SpectrogramPatches(settings, features)
    try settings.checkLayers(
      tokens: grid.tokens, together: Towers.soundsTogether, ("intermediate_size", shape.inner),
      ("hidden_size", 3 * shape.width), ("patch_size", grid.side * grid.side))
    let embeddings = weights.under("embeddings."), width = shape.width
    let convolution = embeddings.under("patch_embeddings.")
    patches = PatchEmbedding(
      product: try convolution.transposedConvolution(
        "projection", [width, 1, grid.side, grid.side], engine: engine),
      bias: try convolution.values("projection.bias", [width]),
      classes: [
        try embeddings.values("cls_token", [1, 1, width]), try embeddings.values("distillation_token", [1, 1, width]),
      ],
      positions: Matrix(
        rows: grid.tokens, columns: width,
        values: try embeddings.values("position_embeddings", [1, grid.tokens, width])))
    blocks = try weights.blocks(
      "encoder.layer", count: settings.count("num_hidden_layers", default: 12, in: 1...1 << 10), Self.names, shape,
      engine: engine)
    norm = try weights.layerNorm("layernorm", columns: width, epsilon: shape.epsilon)
    self.engine = engine
  }

  private static let names = BlockNames(
    attentionNorm: "layernorm_before",
    queriesKeysValues: ["query", "key", "value"].map { "attention.attention.\($0)" },
    projection: "attention.output.dense", perceptronNorm: "layernorm_after", expand: "intermediate.dense",
    contract: "output.dense", fusedBias: .ifThere)
}

/// Where the patches of a spectrogram lie: squares that overlap, by frequency and then by time.
struct SpectrogramPatches: Sendable {
  let side: Int
  let bandStep: Int
  let timeStep: Int
  let rows: Int
  let columns: Int
  /// Before the patches.
  static let classes = 2
  var tokens: Int { Self.classes + rows * columns }

  init(_ settings: Settings, _ features: ASTFeatures) throws(LinearError) {
    side = try settings.count("patch_size", default: 16, in: 1...64)
    bandStep = try settings.count("frequency_stride", default: 10, in: 1...1 << 10)
    timeStep = try settings.count("time_stride", default: 10, in: 1...1 << 14)
    let bands = try settings.count("num_mel_bins", default: 128, in: 1...1 << 10)
    let frames = try settings.count("max_length", default: 1024, in: 1...1 << 14)
    guard bands == features.mel.bands, frames == features.frames else {
      throw settings.wrong("max_length", "or num_mel_bins is not that of the feature extractor")
    }
    guard side <= min(bands, frames) else { throw settings.wrong("patch_size", "\(side) is larger than a spectrogram") }
    rows = (bands - side) / bandStep + 1
    columns = (frames - side) / timeStep + 1
    guard rows * columns <= 1 << 14 else {
      throw settings.wrong("frequency_stride", "and time_stride make \(rows * columns) patches")
    }
  }

  /// Writes the patch of a token, [time, band], zeros for a class token.
  func cut(_ spectrogram: Matrix, token: Int, to pixels: inout MutableSpan<Float>) {
    guard token >= Self.classes else {
      for index in pixels.indices { pixels[index] = 0 }
      return
    }
    let (row, column) = (token - Self.classes).quotientAndRemainder(dividingBy: columns)
    for time in 0..<side {
      spectrogram.withRow(column * timeStep + time) { line in
        for band in 0..<side { pixels[time * side + band] = line[row * bandStep + band] }
      }
    }
  }
}

/// Runs the encoder; keeps its buffers.
struct ASTEncoderRunner {
  private let encoder: ASTEncoder
  private var count = -1
  private var sequences = Sequences(lengths: [])
  private var classRows: [Int32] = []
  private var patches = Matrix()
  private var x = Matrix()
  private var classes = Matrix()
  private var scratch = BlockScratch()

  init(_ encoder: ASTEncoder) { self.encoder = encoder }

  /// Makes room for the patches of so many spectrograms.
  mutating func prepare(count: Int) {
    guard count != self.count else { return }
    self.count = count
    let tokens = encoder.grid.tokens
    sequences = Sequences(count: count, length: tokens)
    classRows = (0..<count).flatMap { index in (0..<SpectrogramPatches.classes).map { Int32(index * tokens + $0) } }
    patches.resize(rows: count * tokens, columns: encoder.grid.side * encoder.grid.side)
  }

  mutating func cut(_ spectrogram: Matrix, _ index: Int) {
    let grid = encoder.grid
    for token in 0..<grid.tokens {
      patches.withMutableRow(index * grid.tokens + token) { grid.cut(spectrogram, token: token, to: &$0) }
    }
  }

  /// → out: [count, D]
  mutating func run(to out: inout Matrix) {
    encoder.patches.apply(patches, to: &x)
    encoder.blocks.apply(to: &x, sequences, scratch: &scratch)
    classes.gather(classRows, from: x)
    encoder.norm.apply(to: &classes, engine: encoder.engine)
    out.resize(rows: count, columns: encoder.shape.width)
    for index in 0..<count { out.setRow(index, to: classes.mean(ofRows: 2 * index..<2 * index + 2)) }
  }
}
