import Linear

/// Radford et al. 2022: two convolutions over time, of which the second halves it, then pre-norm blocks.
struct WhisperEncoder: Sendable {
  let shape: BlockShape
  let bands: Int
  /// [3 · bands] → D, and [3 · D] → D: three neighbouring frames side by side.
  let near: Dense
  let halving: Dense
  /// [frames, D]
  let positions: Matrix
  let blocks: [TransformerBlock]
  let norm: LayerNorm
  let engine: Engine

  init(
    _ weights: Weights, _ settings: Settings, _ features: WhisperFeatures, _ engine: Engine
  ) throws(LinearError) {
    shape = try settings.blockShape(
      width: "d_model", 384, heads: "encoder_attention_heads", 6, inner: ("encoder_ffn_dim", 1536),
      activation: "activation_function", epsilon: (nil, 1e-5))
    bands = try settings.count("num_mel_bins", default: 80, in: 1...1 << 10)
    guard bands == features.mel.bands else {
      throw settings.wrong("num_mel_bins", "\(bands) is not the \(features.mel.bands) of the feature extractor")
    }
    let frames = try settings.count("max_source_positions", default: 1500, in: 1...1 << 14)
    guard 2 * frames == features.frames, frames >= features.seconds else {
      throw settings.wrong("max_source_positions", "\(frames) is not half of \(features.frames) frames")
    }
    try settings.checkLayers(
      tokens: frames, together: Towers.soundsTogether, ("encoder_ffn_dim", shape.inner), ("d_model", 3 * shape.width),
      ("num_mel_bins", 6 * bands))
    near = try Self.convolution(weights, "conv1", from: bands, to: shape.width, engine)
    halving = try Self.convolution(weights, "conv2", from: shape.width, to: shape.width, engine)
    positions = try weights.matrix("embed_positions.weight", [frames, shape.width])
    blocks = try weights.blocks(
      "layers", count: settings.count("encoder_layers", default: 4, in: 1...1 << 10), Self.names, shape, engine: engine)
    norm = try weights.layerNorm("layer_norm", columns: shape.width, epsilon: shape.epsilon)
    self.engine = engine
  }

  private static func convolution(
    _ weights: Weights, _ name: String, from inputs: Int, to outputs: Int, _ engine: Engine
  ) throws(LinearError) -> Dense {
    let bias = try weights.values("\(name).bias", [outputs])
    return try weights.transposedConvolution(name, [outputs, inputs, 3], bias: bias, engine: engine)
  }

  private static let names = BlockNames(
    attentionNorm: "self_attn_layer_norm", queriesKeysValues: ["q_proj", "k_proj", "v_proj"].map { "self_attn.\($0)" },
    projection: "self_attn.out_proj", perceptronNorm: "final_layer_norm", expand: "fc1", contract: "fc2",
    fusedBias: .ifThere)
}

/// Runs the encoder; keeps its buffers.
///
/// Row 0 of the spectrograms, and of what the first convolution makes of them, is zero: the frame before the first and
/// after the last.
struct WhisperEncoderRunner {
  private let encoder: WhisperEncoder
  private var count = -1
  private var nearRows: [Int32] = []
  private var halvingRows: [Int32] = []
  private var sequences = Sequences(lengths: [])
  /// [1 + count · 2 · frames, bands], written by the caller.
  var spectrogram = Matrix()
  private var three = Matrix()
  private var convolved = Matrix()
  /// [count · frames, D]: the result.
  private(set) var frames = Matrix()
  private var scratch = BlockScratch()

  init(_ encoder: WhisperEncoder) { self.encoder = encoder }

  /// Frames of a spectrogram.
  private var length: Int { 2 * encoder.positions.rows }

  func row(of index: Int) -> Int { 1 + index * length }

  /// Makes room for so many spectrograms.
  mutating func prepare(count: Int) {
    guard count != self.count else { return }
    self.count = count
    spectrogram.resize(rows: 1 + count * length, columns: encoder.bands)
    spectrogram.setRow(0, to: repeatElement(0, count: encoder.bands))
    let zero = [Int32](repeating: 0, count: 3)
    nearRows = zero + (0..<count).flatMap { neighbours($0, step: 1) }
    halvingRows = (0..<count).flatMap { neighbours($0, step: 2) }
    sequences = Sequences(count: count, length: encoder.positions.rows)
  }

  /// Frame, the one before and the one after, of every `step`th frame.
  private func neighbours(_ index: Int, step: Int) -> [Int32] {
    stride(from: 0, to: length, by: step).flatMap { frame in
      (frame - 1...frame + 1).map { 0 <= $0 && $0 < length ? Int32(row(of: index) + $0) : 0 }
    }
  }

  /// spectrogram → frames
  mutating func run() {
    gather(nearRows, from: spectrogram)
    encoder.near.apply(three, to: &convolved, .gelu)
    convolved.setRow(0, to: repeatElement(0, count: convolved.columns))
    gather(halvingRows, from: convolved)
    encoder.halving.apply(three, to: &frames, .gelu)
    guard count > 0 else { return }
    frames.add(encoder.positions)
    encoder.blocks.apply(to: &frames, sequences, scratch: &scratch)
    encoder.norm.apply(to: &frames, engine: encoder.engine)
  }

  private mutating func gather(_ rows: [Int32], from source: Matrix) {
    three.gather(rows, from: source)
    three.reshape(rows: rows.count / 3, columns: 3 * source.columns)
  }
}
