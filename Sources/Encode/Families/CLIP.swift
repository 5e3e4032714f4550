package import Linear
import Media

/// CLIP: pictures and text in one space. OpenAI's and OpenCLIP's exports, whole or one tower alone.
/// https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/models/clip/modeling_clip.py
package enum CLIP {
  package static let families = ["clip", "clip_vision_model", "clip_text_model"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    switch folder.family {
    case "clip_vision_model":
      return Towers(picture: try vision(folder, settings, settings, engine), space: .separate)
    case "clip_text_model":
      return Towers(text: try text(folder, settings, settings, engine), space: .separate)
    default:
      var towers = Towers(space: .joint)
      if folder.wants(.video) {
        towers.picture = try vision(folder, settings.table("vision_config"), settings, engine)
      }
      if folder.wants(.text), try folder.has("tokenizer.json") {
        towers.text = try text(folder, settings.table("text_config"), settings, engine)
      }
      return towers
    }
  }

  // MARK: - Pictures

  private static let standardProcessor = ImageProcessor(
    fit: .shortestEdge(224), crop: .init(width: 224, height: 224), filter: .bicubic,
    mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])

  private static func vision(
    _ folder: CheckpointFolder, _ settings: Settings, _ outer: Settings, _ engine: Engine
  ) throws(LinearError) -> PictureTower {
    let sizes = try TransformerSizes(
      settings,
      standard: TransformerSizes(width: 768, heads: 12, inner: 3072, activation: .quickGelu, epsilon: 1e-5))
    let shape = sizes.block
    let grid = try PatchGrid(settings, picture: 224, patch: 32)
    try grid.check(sizes, classes: 1, settings)
    let weights = folder.weights.under(
      try folder.weights.prefix(anchor: "embeddings.class_embedding", candidates: ["vision_model.", ""]))
    let projection = try projection("visual_projection", folder, outer, width: shape.width, engine)
    let processor = try ImageProcessor.read(folder, standard: standardProcessor)
    try grid.check(processor, folder)
    let model = PictureTransformer(
      processor: processor, grid: grid,
      embedding: try embedding(weights.under("embeddings."), grid, shape, engine),
      entryNorm: try weights.layerNorm("pre_layrnorm", columns: shape.width, epsilon: shape.epsilon),
      blocks: try weights.blocks("encoder.layers", count: sizes.layers, .clip, shape, engine: engine),
      pooling: .classToken(
        norm: try weights.layerNorm("post_layernorm", columns: shape.width, epsilon: shape.epsilon),
        projection: projection), engine: engine)
    return PictureTower(model: model, dimensions: projection?.outputs ?? shape.width)
  }

  private static func embedding(
    _ weights: Weights, _ grid: PatchGrid, _ shape: BlockShape, _ engine: Engine
  ) throws(LinearError) -> PatchEmbedding {
    let width = shape.width
    return PatchEmbedding(
      product: try weights.dense(
        "patch_embedding", [width, 3, grid.patch, grid.patch], bias: .absent, engine: engine),
      classes: [try weights.values("class_embedding", [width])],
      positions: try weights.matrix("position_embedding.weight", [grid.patches + 1, width]))
  }

  /// Nil for a tower that was saved without one.
  private static func projection(
    _ name: String, _ folder: CheckpointFolder, _ outer: Settings, width: Int, _ engine: Engine
  ) throws(LinearError) -> Dense? {
    guard folder.family == "clip" || folder.weights.contains("\(name).weight") else { return nil }
    let dimensions = try outer.count("projection_dim", default: 512, in: 1...65536)
    return try folder.weights.dense(name, [dimensions, width], bias: .absent, engine: engine)
  }

  // MARK: - Text

  private static func text(
    _ folder: CheckpointFolder, _ settings: Settings, _ outer: Settings, _ engine: Engine
  ) throws(LinearError) -> TextTower {
    let sizes = try TransformerSizes(
      settings,
      standard: TransformerSizes(width: 512, heads: 8, inner: 2048, activation: .quickGelu, epsilon: 1e-5))
    let positions = try settings.count("max_position_embeddings", default: 77, in: 1...1024)
    try sizes.check(settings, tokens: positions, together: TextTower.together)
    let weights = folder.weights.under(
      try folder.weights.prefix(anchor: "embeddings.token_embedding.weight", candidates: ["text_model.", ""]))
    let model = try TextTransformer(
      weights, sizes, vocabulary: settings.count("vocab_size", default: 49408, in: 1...1 << 24),
      positions: positions, isCausal: true,
      projection: projection("text_projection", folder, outer, width: sizes.block.width, engine), engine)
    // Old configurations claim 2, the id of another model's end: there the end is the highest id.
    let end = try settings.count("eos_token_id", default: 49407, in: 0...1 << 24)
    return TextTower(
      model: model,
      tokens: TextTokens(
        folder, try folder.tokenizer(), limit: model.positions.rows, ending: end == 2 ? .highest : .id(end)))
  }
}
