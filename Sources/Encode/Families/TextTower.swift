import Linear

/// Encodes texts by a `TextTransformer`.
struct TextTower: Tower {
  let model: TextTransformer
  let tokens: TextTokens

  /// Texts in one product: memory stays bounded.
  static let together = 32

  var dimensions: Int { model.dimensions }

  func makeRunner() -> any TowerRunner<String> { TextRunner(model: model, tokens: tokens) }
}

private struct TextRunner: TowerRunner {
  let model: TextTransformer
  let tokens: TextTokens
  private var memory = TextTransformerMemory()
  private var vectors = Matrix()

  init(model: TextTransformer, tokens: TextTokens) {
    self.model = model
    self.tokens = tokens
  }

  mutating func encode(_ texts: [String]) throws(LinearError) -> Matrix {
    var all = Matrix(rows: texts.count, columns: model.dimensions)
    for first in stride(from: 0, to: texts.count, by: TextTower.together) {
      var ids: [[Int32]] = []
      for text in texts[first..<min(texts.count, first + TextTower.together)] { ids.append(try tokens.ids(text)) }
      try memory.run(model, ids, to: &vectors)
      all.copy(vectors, at: first)
    }
    return all
  }
}
