import Linear

/// Chen et al. 2022, "HTS-AT": the spectrogram of a clip, folded into a square, through four stages of a Swin
/// transformer.
struct HTSAT: Sendable {
  let image: SpectrogramImage
  /// [side of a patch]² → C
  let patches: Dense
  let patchNorm: LayerNorm
  let stages: [SwinStage]
  let norm: LayerNorm
  let dimensions: Int
  let engine: Engine

  init(
    _ weights: Weights, _ settings: Settings, _ features: CLAPFeatures, _ engine: Engine
  ) throws(LinearError) {
    let shape = try HTSATShape(settings)
    guard features.mel.bands == shape.bands else {
      throw settings.wrong("num_mel_bins", "\(shape.bands) is not the \(features.mel.bands) of the feature extractor")
    }
    let frames = features.mel.frames(samples: features.window)
    guard frames <= shape.side * shape.folds else {
      throw settings.wrong("spec_size", "\(shape.side) is too small for \(frames) frames")
    }
    image = SpectrogramImage(
      shape, frames: frames, mel: try features.mel.normalized(weights, "batch_norm."), grid: shape.grid(0))
    let bias = try weights.values("patch_embed.proj.bias", [shape.width])
    patches = try weights.transposedConvolution(
      "patch_embed.proj", [shape.width, 1, shape.patch, shape.patch], bias: bias, engine: engine)
    patchNorm = try weights.layerNorm("patch_embed.norm", columns: shape.width, epsilon: 1e-5)
    var stages: [SwinStage] = []
    for index in 0..<shape.depths.count {
      let next = index + 1 < shape.depths.count ? shape.grid(index + 1) : nil
      stages.append(
        try SwinStage(
          weights.under("layers.\(index)."), shape.grid(index), into: next, depth: shape.depths[index],
          shape.blocks[index], engine))
    }
    self.stages = stages
    dimensions = shape.blocks[shape.blocks.count - 1].width
    norm = try weights.layerNorm("norm", columns: dimensions, epsilon: 1e-5)
    self.engine = engine
  }
}

/// Runs the encoder; keeps its buffers.
struct HTSATRunner {
  private let encoder: HTSAT
  private var image: SpectrogramImageRunner
  private var stages: [SwinStageRunner]
  private var patches = Matrix()
  private var x = Matrix()
  private var scratch = BlockScratch()

  init(_ encoder: HTSAT) {
    self.encoder = encoder
    image = SpectrogramImageRunner(encoder.image, encoder.engine)
    stages = encoder.stages.map(SwinStageRunner.init)
  }

  /// clips: `count` of them, each a whole window of samples, one after the other by `clip` → out: [count, dimensions].
  mutating func encode(count: Int, to out: inout Matrix, clip: (Int, inout [Float]) -> Void) {
    let engine = encoder.engine
    image.apply(count: count, to: &patches, clip: clip)
    encoder.patches.apply(patches, to: &x)
    encoder.patchNorm.apply(to: &x, engine: engine)
    for index in stages.indices { stages[index].apply(to: &x, count: count, scratch: &scratch, engine: engine) }
    encoder.norm.apply(to: &x, engine: engine)
    out.resize(rows: count, columns: encoder.dimensions)
    let tokens = count == 0 ? 0 : x.rows / count
    for index in 0..<count { out.setRow(index, to: x.mean(ofRows: index * tokens..<(index + 1) * tokens)) }
  }
}

extension LogMel {
  /// With the batch norm of a trained model behind it.
  func normalized(_ weights: Weights, _ name: String) throws(LinearError) -> LogMel {
    let mean = try weights.values("\(name)running_mean", [bands])
    let variance = try weights.variances("\(name)running_var", count: bands)
    let (weight, bias) = (try weights.values("\(name)weight", [bands]), try weights.values("\(name)bias", [bands]))
    var out = self
    for band in 0..<bands {
      let factor = weight[band] / (variance[band] + 1e-5).squareRoot()
      out.scales[band] = scales[band] * factor
      out.shifts[band] = (shifts[band] - mean[band]) * factor + bias[band]
    }
    return out
  }
}
