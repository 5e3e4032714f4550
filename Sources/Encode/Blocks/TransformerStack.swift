package import Linear

extension [TransformerBlock] {
  /// x: [rows, D], changed in place by all blocks.
  package func apply(
    to x: inout Matrix, _ sequences: Sequences, bias: ScoreBias? = nil, scratch: inout BlockScratch
  ) {
    for block in self { block.apply(to: &x, sequences, bias: bias, scratch: &scratch) }
  }

  /// All blocks, of which the last computes only the first row of each sequence; x: changed; first: [sequences, D].
  package func apply(
    toFirstOf x: inout Matrix, _ sequences: Sequences, bias: ScoreBias? = nil, to first: inout Matrix,
    scratch: inout BlockScratch
  ) {
    guard let last = self.last else { preconditionFailure("a transformer has a block") }
    for block in dropLast() { block.apply(to: &x, sequences, bias: bias, scratch: &scratch) }
    last.apply(toFirstOf: x, sequences, bias: bias, to: &first, scratch: &scratch)
  }
}
