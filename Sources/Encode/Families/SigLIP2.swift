package import Linear

/// SigLIP 2 of any resolution, "NaFlex": pictures keep their shape, cut into as many patches as are allowed.
/// https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/models/siglip2/modeling_siglip2.py
package enum SigLIP2 {
  package static let families = ["siglip2", "siglip2_vision_model"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    guard folder.family == "siglip2" else {
      return Towers(picture: try vision(folder, settings, engine), space: .separate)
    }
    return try SigLIP.towers(folder, settings, vision: vision, engine)
  }

  private static let processor = ImageProcessor(
    fit: .exact(width: 1, height: 1), crop: nil, filter: .bilinear, mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])

  private static func vision(
    _ folder: CheckpointFolder, _ settings: Settings, _ engine: Engine
  ) throws(LinearError) -> FlexibleTower {
    let sizes = try TransformerSizes(settings, standard: SigLIP.standard)
    let width = sizes.block.width
    let (fit, patch) = try fit(folder, settings)
    try sizes.check(settings, tokens: fit.most, together: FlexibleTower.together)
    try settings.checkLayers(tokens: fit.most, together: FlexibleTower.together, ("patch_size", 3 * patch * patch))
    let weights = try SigLIP.visionWeights(folder, settings)
    return FlexibleTower(
      model: FlexibleTransformer(
        processor: try ImageProcessor.read(folder, standard: processor), fit: fit,
        product: try weights.dense(
          "embeddings.patch_embedding", [width, 3 * patch * patch], bias: .absent, engine: engine),
        positions: PositionGrid(
          try positions(weights, settings, width),
          offset: try weights.values("embeddings.patch_embedding.bias", [width])),
        blocks: try weights.blocks("encoder.layers", count: sizes.layers, .clip, sizes.block, engine: engine),
        norm: try weights.layerNorm("post_layernorm", columns: width, epsilon: sizes.block.epsilon),
        head: try weights.under("head.").probeHead(sizes.block, engine: engine), engine: engine))
  }

  /// How the processor cuts, which must be what the model takes.
  private static func fit(
    _ folder: CheckpointFolder, _ settings: Settings
  ) throws(LinearError) -> (PatchFit, patch: Int) {
    let patch = try settings.count("patch_size", default: 16, in: 1...256)
    _ = try settings.count("num_channels", default: 3, in: 3...3)
    let processor = try ImageProcessor.settings(folder)
    let cut = try processor?.count("patch_size", default: 16, in: 1...256) ?? 16
    guard cut == patch else {
      throw .file(
        path: folder.path, reason: "the image processor cuts patches of \(cut) pixels, the model takes \(patch)")
    }
    return (
      PatchFit(patch: patch, most: try processor?.count("max_num_patches", default: 256, in: 1...4096) ?? 256), patch
    )
  }

  /// [side · side, D]
  private static func positions(
    _ weights: Weights, _ settings: Settings, _ width: Int
  ) throws(LinearError) -> Matrix {
    let count = try settings.count("num_patches", default: 256, in: 1...1 << 16)
    let side = Int(Double(count).squareRoot())
    guard side * side == count else { throw settings.wrong("num_patches", "\(count) is no square") }
    return try weights.matrix("embeddings.position_embedding.weight", [count, width])
  }
}
