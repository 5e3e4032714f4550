package import Linear

/// `model_type: audio-spectrogram-transformer` (Gong et al. 2021): a window of sound into one vector of its own.
package enum AST {
  package static let families = ["audio-spectrogram-transformer"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    let features = try ASTFeatures(folder)
    let prefix = try folder.weights.prefix(
      anchor: "embeddings.cls_token", candidates: ["audio_spectrogram_transformer.", ""])
    let encoder = try ASTEncoder(folder.weights.under(prefix), settings, features, engine)
    return Towers(sound: ASTTower(features: features, encoder: encoder), space: .separate)
  }
}

/// A window of sound → [D], the mean of its two class tokens.
private struct ASTTower: SoundTower {
  let features: ASTFeatures
  let encoder: ASTEncoder

  var dimensions: Int { encoder.shape.width }
  var rate: Int { ASTFeatures.rate }
  /// As many hops as the model has frames (10.24 s). The frames that would need sound from after it are padding.
  var window: Int { features.frames * features.mel.hop }
  var steps: Int { 1 }

  func makeRunner() -> any TowerRunner<[Float]> { ASTRunner(tower: self) }
}

private struct ASTRunner: TowerRunner {
  private let tower: ASTTower
  private var features: ASTFeaturesRunner
  private var encoder: ASTEncoderRunner
  private var out = Matrix()

  init(tower: ASTTower) {
    self.tower = tower
    features = ASTFeaturesRunner(tower.features, tower.encoder.engine)
    encoder = ASTEncoderRunner(tower.encoder)
  }

  /// Of sound longer than the window only the beginning is heard.
  mutating func encode(_ sounds: [[Float]]) throws(LinearError) -> Matrix {
    encoder.prepare(count: sounds.count)
    for (index, sound) in sounds.enumerated() { encoder.cut(features.apply(sound), index) }
    encoder.run(to: &out)
    return out
  }
}
