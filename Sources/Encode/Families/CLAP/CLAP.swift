package import Linear
import Media

/// `model_type: clap`: sound (HTSAT, a Swin transformer over a spectrogram) and text (RoBERTa) in one space; also the
/// fused checkpoints, of which only the whole clip is heard, as they do with clips of up to ten seconds.
package enum CLAP {
  package static let families = ["clap"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    let dimensions = try settings.count("projection_dim", default: 512, in: 1...1 << 16)
    let hasText = folder.weights.contains("text_model.embeddings.word_embeddings.weight")
    var towers = Towers(space: .joint)
    if folder.wants(.audio) { towers.sound = try sound(folder, settings, dimensions, engine) }
    if folder.wants(.text), hasText, try folder.has("tokenizer.json") {
      towers.text = try text(folder, settings, dimensions, engine)
    }
    return towers
  }

  private static func sound(
    _ folder: CheckpointFolder, _ settings: Settings, _ dimensions: Int, _ engine: Engine
  ) throws(LinearError) -> CLAPSoundTower {
    let features = try CLAPFeatures(folder)
    let encoder = try HTSAT(
      folder.weights.under("audio_model.audio_encoder."), try settings.table("audio_config"), features, engine)
    let projection = try projection(
      folder.weights.under("audio_projection."), settings, "audio_config", from: encoder.dimensions, to: dimensions,
      engine)
    return CLAPSoundTower(features: features, encoder: encoder, projection: projection)
  }

  private static func text(
    _ folder: CheckpointFolder, _ settings: Settings, _ dimensions: Int, _ engine: Engine
  ) throws(LinearError) -> any Tower<String> {
    let own = try settings.table("text_config")
    let padding = try own.count("pad_token_id", default: 1, in: 0...1 << 16)
    let shape = try BERTShape(
      own, vocabulary: 50265, positions: 514, kinds: 1, firstPosition: padding + 1, padding: Int32(padding))
    let (weights, width) = (folder.weights.under("text_model."), shape.blocks.width)
    return CLAPTextTower(
      trunk: try BERTTrunk(weights, shape, engine),
      tokenizer: try TextTokenizer(folder, vocabulary: shape.vocabulary, limit: shape.limit),
      pooler: try weights.dense("pooler.dense", [width, width], engine: engine),
      projection: try projection(
        folder.weights.under("text_projection."), settings, "text_config", from: width, to: dimensions, engine))
  }

  private static func projection(
    _ weights: Weights, _ settings: Settings, _ table: String, from width: Int, to dimensions: Int, _ engine: Engine
  ) throws(LinearError) -> Perceptron {
    Perceptron(
      first: try weights.dense("linear1", [dimensions, width], engine: engine),
      second: try weights.dense("linear2", [dimensions, dimensions], engine: engine),
      activation: try settings.table(table).activation("projection_hidden_act", default: .relu))
  }
}
