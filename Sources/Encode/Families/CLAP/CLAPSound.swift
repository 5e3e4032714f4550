import Linear

/// A clip of up to ten seconds → [dimensions]. A clip says one thing: it has one step.
struct CLAPSoundTower: SoundTower {
  let features: CLAPFeatures
  let encoder: HTSAT
  let projection: Perceptron

  var dimensions: Int { projection.second.outputs }
  var rate: Int { features.rate }
  var window: Int { features.window }
  var steps: Int { 1 }

  func makeRunner() -> any TowerRunner<[Float]> { CLAPSoundRunner(tower: self) }
}

private struct CLAPSoundRunner: TowerRunner {
  private let tower: CLAPSoundTower
  private var encoder: HTSATRunner
  private var pooled = Matrix()
  private var hidden = Matrix()
  private var out = Matrix()

  init(tower: CLAPSoundTower) {
    self.tower = tower
    encoder = HTSATRunner(tower.encoder)
  }

  /// Of a clip longer than the window only the beginning is heard.
  mutating func encode(_ clips: [[Float]]) throws(LinearError) -> Matrix {
    encoder.encode(count: clips.count, to: &pooled) { tower.features.extend(clips[$0], into: &$1) }
    tower.projection.expand(pooled, to: &hidden)
    tower.projection.second.apply(hidden, to: &out)
    return out
  }
}
