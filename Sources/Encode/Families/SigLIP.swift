package import Linear
import Media
import Tokenize

/// SigLIP, and SigLIP 2 of fixed resolution: pictures and text in one space.
/// https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/models/siglip/modeling_siglip.py
package enum SigLIP {
  package static let families = ["siglip", "siglip_vision_model"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    guard folder.family == "siglip" else {
      return Towers(picture: try vision(folder, settings, engine), space: .separate)
    }
    return try towers(folder, settings, vision: vision, engine)
  }

  /// The wanted ones of both generations.
  static func towers(
    _ folder: CheckpointFolder, _ settings: Settings,
    vision: (CheckpointFolder, Settings, Engine) throws(LinearError) -> any Tower<RGBImage>, _ engine: Engine
  ) throws(LinearError) -> Towers {
    var towers = Towers(space: .joint)
    if folder.wants(.video) { towers.picture = try vision(folder, settings.table("vision_config"), engine) }
    if folder.wants(.text), try folder.has("tokenizer.json") {
      towers.text = try text(folder, settings.table("text_config"), engine)
    }
    return towers
  }

  /// The class's own values, of both towers and both generations.
  static let standard = TransformerSizes(width: 768, heads: 12, inner: 3072, activation: .geluTanh, epsilon: 1e-6)

  // MARK: - Pictures

  private static let standardProcessor = ImageProcessor(
    fit: .exact(width: 224, height: 224), crop: nil, filter: .bicubic, mean: [0.5, 0.5, 0.5],
    deviation: [0.5, 0.5, 0.5])

  private static func vision(
    _ folder: CheckpointFolder, _ settings: Settings, _ engine: Engine
  ) throws(LinearError) -> PictureTower {
    let sizes = try TransformerSizes(settings, standard: standard)
    let grid = try PatchGrid(settings, picture: 224, patch: 16)
    try grid.check(sizes, classes: 0, settings)
    let weights = try visionWeights(folder, settings)
    let processor = try ImageProcessor.read(folder, standard: standardProcessor)
    try grid.check(processor, folder)
    let model = PictureTransformer(
      processor: processor, grid: grid,
      embedding: try embedding(weights.under("embeddings."), grid, sizes.block, engine), entryNorm: nil,
      blocks: try weights.blocks("encoder.layers", count: sizes.layers, .clip, sizes.block, engine: engine),
      pooling: .probe(
        norm: try weights.layerNorm("post_layernorm", columns: sizes.block.width, epsilon: sizes.block.epsilon),
        head: try weights.under("head.").probeHead(sizes.block, engine: engine)), engine: engine)
    return PictureTower(model: model, dimensions: sizes.block.width)
  }

  static func visionWeights(_ folder: CheckpointFolder, _ settings: Settings) throws(LinearError) -> Weights {
    guard try settings.flag("vision_use_head", default: true) else {
      throw settings.wrong("vision_use_head", "is false: without a head a picture has no vector")
    }
    return folder.weights.under(
      try folder.weights.prefix(anchor: "embeddings.patch_embedding.weight", candidates: ["vision_model.", ""]))
  }

  private static func embedding(
    _ weights: Weights, _ grid: PatchGrid, _ shape: BlockShape, _ engine: Engine
  ) throws(LinearError) -> PatchEmbedding {
    let width = shape.width
    return PatchEmbedding(
      product: try weights.dense(
        "patch_embedding", [width, 3, grid.patch, grid.patch], bias: .absent, engine: engine),
      bias: try weights.values("patch_embedding.bias", [width]),
      positions: try weights.matrix("position_embedding.weight", [grid.patches, width]))
  }

  // MARK: - Text

  /// The text tower of both generations.
  static func text(
    _ folder: CheckpointFolder, _ settings: Settings, _ engine: Engine
  ) throws(LinearError) -> TextTower {
    let sizes = try TransformerSizes(settings, standard: standard)
    let positions = try settings.count("max_position_embeddings", default: 64, in: 1...1024)
    try sizes.check(settings, tokens: positions, together: TextTower.together)
    let width = sizes.block.width
    let dimensions = try settings.count("projection_size", default: width, in: 1...65536)
    let weights = folder.weights.under("text_model.")
    let model = try TextTransformer(
      weights, sizes, vocabulary: settings.count("vocab_size", default: 32000, in: 1...1 << 24),
      positions: positions, isCausal: false,
      projection: weights.dense("head", [dimensions, width], engine: engine), engine)
    return TextTower(model: model, tokens: try tokens(folder, settings, limit: model.positions.rows))
  }
}
