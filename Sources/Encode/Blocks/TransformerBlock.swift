package import Linear

/// One layer of a transformer: attention among the rows of a sequence, then two products on each row, both added to
/// what came in.
package struct TransformerBlock: Sendable {
  /// Where its norms stand.
  package enum Norms: Sendable {
    /// x + f(norm(x)): CLIP, SigLIP, Whisper, AST.
    case before
    /// norm(x + f(x)): BERT, RoBERTa.
    case after
  }

  let norms: Norms
  let attentionNorm: LayerNorm
  /// [D] → queries, keys and values side by side, [3 · D].
  let queriesKeysValues: Dense
  let attention: Attention
  let projection: Dense
  let perceptron: Perceptron
  let perceptronNorm: LayerNorm
  let engine: Engine

  /// x: [rows, D], changed in place.
  /// - Parameters:
  ///   - sequences: rows see each other only within one of them.
  ///   - bias: added to the scores, e.g. a mask.
  ///   - kinds: which table of `bias` each sequence takes; empty: all the first.
  package func apply(
    to x: inout Matrix, _ sequences: Sequences, bias: ScoreBias? = nil, kinds: [Int32] = [],
    scratch: inout BlockScratch
  ) {
    attend(x, sequences, onlyFirst: false, bias, kinds, &scratch)
    finish(&x, &scratch)
  }

  /// The same for nothing but the first row of each sequence; first: [sequences, D].
  package func apply(
    toFirstOf x: Matrix, _ sequences: Sequences, bias: ScoreBias? = nil, kinds: [Int32] = [], to first: inout Matrix,
    scratch: inout BlockScratch
  ) {
    attend(x, sequences, onlyFirst: true, bias, kinds, &scratch)
    scratch.firstRows.removeAll(keepingCapacity: true)
    scratch.firstRows.append(contentsOf: sequences.starts.dropLast().lazy.map { Int32($0) })
    first.gather(scratch.firstRows, from: x)
    finish(&first, &scratch)
  }

  /// → scratch.attended
  private func attend(
    _ x: Matrix, _ sequences: Sequences, onlyFirst: Bool, _ bias: ScoreBias?, _ kinds: [Int32],
    _ scratch: inout BlockScratch
  ) {
    switch norms {
    case .before:
      attentionNorm.apply(x, to: &scratch.normed, engine: engine)
      queriesKeysValues.apply(scratch.normed, to: &scratch.fused)
    case .after: queriesKeysValues.apply(x, to: &scratch.fused)
    }
    attention.apply(
      qkv: scratch.fused, sequences, onlyFirst: onlyFirst, bias: bias, kinds: kinds, to: &scratch.attended,
      engine: engine)
  }

  /// x: the rows that asked.
  private func finish(_ x: inout Matrix, _ scratch: inout BlockScratch) {
    projection.apply(scratch.attended, addingTo: &x)
    switch norms {
    case .before:
      perceptronNorm.apply(x, to: &scratch.normed, engine: engine)
      perceptron.expand(scratch.normed, to: &scratch.hidden)
      perceptron.contract(scratch.hidden, addingTo: &x)
    case .after:
      attentionNorm.apply(to: &x, engine: engine)
      perceptron.expand(x, to: &scratch.hidden)
      perceptron.contract(scratch.hidden, addingTo: &x)
      perceptronNorm.apply(to: &x, engine: engine)
    }
  }
}

/// second(activation(first(x))), on each row.
package struct Perceptron: Sendable {
  let first: Dense
  let second: Dense
  let activation: Activation

  /// x: [rows, D] → hidden: [rows, inner]
  package func expand(_ x: Matrix, to hidden: inout Matrix) { first.apply(x, to: &hidden, activation) }

  /// sum [rows, D] += second(hidden)
  package func contract(_ hidden: Matrix, addingTo sum: inout Matrix) { second.apply(hidden, addingTo: &sum) }
}

/// Memory that all blocks of a runner share, kept from call to call.
package struct BlockScratch {
  var normed = Matrix()
  var fused = Matrix()
  var attended = Matrix()
  var hidden = Matrix()
  var firstRows: [Int32] = []

  package init() {}
}
