package import Linear

/// `model_type: bert` as sentence-transformers use it: all-MiniLM-L6-v2 and its like. Text only.
package enum BERT {
  package static let families = ["bert"]

  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    let settings = try Settings.configuration(of: folder)
    guard try settings.text("position_embedding_type") ?? "absolute" == "absolute" else {
      throw settings.wrong("position_embedding_type", "is not absolute")
    }
    let shape = try BERTShape(
      settings, vocabulary: 30522, positions: 512, kinds: 2, firstPosition: 0, padding: nil)
    let prefix = try folder.weights.prefix(
      anchor: "embeddings.word_embeddings.weight", candidates: ["", "bert.", "model."])
    let trunk = try BERTTrunk(folder.weights.under(prefix), shape, engine)
    let limit =
      try Settings.read("sentence_bert_config.json", of: folder)?
      .count("max_seq_length", default: shape.limit, in: 1...1 << 30) ?? shape.limit
    let tokenizer = try TextTokenizer(folder, vocabulary: shape.vocabulary, limit: min(limit, shape.limit))
    let tower = BERTTower(trunk: trunk, tokenizer: tokenizer, pooling: try SentencePooling(folder))
    return Towers(text: tower, space: .separate)
  }
}

/// Text → the mean of its tokens' vectors, or that of its first token.
private struct BERTTower: Tower {
  let trunk: BERTTrunk
  let tokenizer: TextTokenizer
  let pooling: SentencePooling

  var dimensions: Int { trunk.shape.blocks.width }

  func makeRunner() -> any TowerRunner<String> { BERTRunner(tower: self) }
}

private struct BERTRunner: TowerRunner {
  let tower: BERTTower
  private var trunk: BERTTrunkRunner
  private var out = Matrix()

  init(tower: BERTTower) {
    self.tower = tower
    trunk = BERTTrunkRunner(tower.trunk)
  }

  mutating func encode(_ texts: [String]) throws(LinearError) -> Matrix {
    var batch: [[Int32]] = []
    for text in texts { batch.append(try tower.tokenizer.encode(text)) }
    switch tower.pooling {
    case .firstToken: trunk.encodeFirst(batch, to: &out)
    case .mean:
      let sequences = trunk.encode(batch)
      out.resize(rows: texts.count, columns: tower.dimensions)
      for index in texts.indices { out.setRow(index, to: trunk.tokens.mean(ofRows: sequences[index])) }
    }
    return out
  }
}
