package import Linear

/// `model_type: whisper`, of which only the encoder is used: sound into vectors of its own, about speech above all.
///
/// The encoder always hears a whole window (30 s). Shorter sound gets zeros behind it, as its feature extractor does,
/// and all steps are given, also those of the zeros: the caller knows which are content. Its pooling is ours: a step
/// is the mean of the frames of one second.
package enum Whisper {
  package static let families = ["whisper"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    let features = try WhisperFeatures(folder)
    let prefix = try folder.weights.prefix(
      anchor: "embed_positions.weight", candidates: ["model.encoder.", "encoder.", ""])
    let encoder = try WhisperEncoder(folder.weights.under(prefix), settings, features, engine)
    return Towers(sound: WhisperTower(features: features, encoder: encoder), space: .separate)
  }
}

/// A window of sound → [steps, D].
private struct WhisperTower: SoundTower {
  let features: WhisperFeatures
  let encoder: WhisperEncoder

  var dimensions: Int { encoder.shape.width }
  var rate: Int { WhisperFeatures.rate }
  var window: Int { features.window }
  var steps: Int { features.seconds }

  func makeRunner() -> any TowerRunner<[Float]> { WhisperRunner(tower: self) }
}

private struct WhisperRunner: TowerRunner {
  private let tower: WhisperTower
  private var features: WhisperFeaturesRunner
  private var encoder: WhisperEncoderRunner
  private var out = Matrix()

  init(tower: WhisperTower) {
    self.tower = tower
    features = WhisperFeaturesRunner(tower.features, tower.encoder.engine)
    encoder = WhisperEncoderRunner(tower.encoder)
  }

  /// Of sound longer than the window only the beginning is heard.
  mutating func encode(_ sounds: [[Float]]) throws(LinearError) -> Matrix {
    encoder.prepare(count: sounds.count)
    for (index, sound) in sounds.enumerated() {
      features.apply(sound, to: &encoder.spectrogram, at: encoder.row(of: index))
    }
    encoder.run()
    pool(count: sounds.count)
    return out
  }

  private mutating func pool(count: Int) {
    let frames = tower.encoder.positions.rows
    out.resize(rows: count * tower.steps, columns: tower.dimensions)
    for row in 0..<out.rows {
      let (sound, step) = row.quotientAndRemainder(dividingBy: tower.steps)
      let own = sound * frames + step * frames / tower.steps..<sound * frames + (step + 1) * frames / tower.steps
      out.setRow(row, to: encoder.frames.mean(ofRows: own))
    }
  }
}
