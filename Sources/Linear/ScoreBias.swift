/// What is added to the scores of attention before the softmax: a mask (−∞ hides a key), relative positions, or both
/// summed. A query that sees no key gets zeros.
package struct ScoreBias: Sendable {
  /// Tables to choose from.
  package let kinds: Int
  /// One table for each head, or 1 for all of them.
  package let heads: Int
  /// The longest sequence; shorter ones use the upper left of the table.
  package let tokens: Int
  /// [kinds, heads, tokens, tokens]: query by key.
  let values: [Float]

  package init(kinds: Int = 1, heads: Int = 1, tokens: Int, values: [Float]) {
    precondition(kinds >= 1 && heads >= 1 && tokens >= 1, "a table has a size")
    precondition(values.count == kinds * heads * tokens * tokens, "a full table")
    self.kinds = kinds
    self.heads = heads
    self.tokens = tokens
    self.values = values
  }

  /// A query sees the keys for which `sees(query, key)`.
  package init(tokens: Int, sees: (Int, Int) -> Bool) {
    var values: [Float] = []
    for query in 0..<tokens { for key in 0..<tokens { values.append(sees(query, key) ? 0 : -.infinity) } }
    self.init(tokens: tokens, values: values)
  }

  /// A query sees itself and what came before.
  package static func causal(tokens: Int) -> ScoreBias { ScoreBias(tokens: tokens) { $1 <= $0 } }

  func start(kind: Int, head: Int) -> Int { (kind * heads + (heads == 1 ? 0 : head)) * tokens * tokens }
}
