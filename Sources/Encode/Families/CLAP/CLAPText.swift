import Linear

/// Text → [dimensions], by RoBERTa's first token.
struct CLAPTextTower: Tower {
  let trunk: BERTTrunk
  let tokenizer: TextTokenizer
  /// Followed by tanh.
  let pooler: Dense
  let projection: Perceptron

  var dimensions: Int { projection.second.outputs }

  func makeRunner() -> any TowerRunner<String> { CLAPTextRunner(tower: self) }
}

private struct CLAPTextRunner: TowerRunner {
  private let tower: CLAPTextTower
  private var trunk: BERTTrunkRunner
  private var first = Matrix()
  private var pooled = Matrix()
  private var hidden = Matrix()
  private var out = Matrix()

  init(tower: CLAPTextTower) {
    self.tower = tower
    trunk = BERTTrunkRunner(tower.trunk)
  }

  mutating func encode(_ texts: [String]) throws(LinearError) -> Matrix {
    var batch: [[Int32]] = []
    for text in texts { batch.append(try tower.tokenizer.encode(text)) }
    trunk.encodeFirst(batch, to: &first)
    tower.pooler.apply(first, to: &pooled, .tanh)
    tower.projection.expand(pooled, to: &hidden)
    tower.projection.second.apply(hidden, to: &out)
    return out
  }
}
