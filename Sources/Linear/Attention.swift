import CKernels

/// Multi-head attention: softmax(cap(q · kᵀ · scale) + bias) · v, head by head, sequence by sequence.
package struct Attention: Sendable {
  package let heads: Int
  /// Heads of keys and values: each serves `heads / keyHeads` neighbouring heads of queries.
  package let keyHeads: Int
  /// Columns of one head.
  package let width: Int
  package let scale: Float
  /// cap(x) = limit · tanh(x / limit); 0 for none.
  package let limit: Float

  /// - Parameter scale: nil for 1 / √width.
  package init(heads: Int, keyHeads: Int? = nil, width: Int, scale: Float? = nil, limit: Float = 0) {
    precondition(heads >= 1 && width >= 1 && limit >= 0, "attention has heads")
    self.heads = heads
    self.keyHeads = keyHeads ?? heads
    precondition(self.keyHeads >= 1 && heads % self.keyHeads == 0, "whole groups of heads")
    self.width = width
    self.scale = scale ?? 1 / Float(width).squareRoot()
    self.limit = limit
  }

  /// qkv: [rows, (heads + 2 · keyHeads) · width], as a fused product gives it; output: see `Queries`.
  /// - Parameter kinds: which table of `bias` each sequence takes; empty: all the first.
  package func apply(
    qkv: Matrix, _ sequences: Sequences, onlyFirst: Bool = false, bias: ScoreBias? = nil, kinds: [Int32] = [],
    to output: inout Matrix, engine: Engine
  ) {
    let queries = Columns(qkv)
    apply(
      onlyFirst ? .first(queries) : .all(queries), keys: Columns(qkv, from: heads * width),
      values: Columns(qkv, from: (heads + keyHeads) * width), sequences, bias: bias, kinds: kinds, to: &output,
      engine: engine)
  }

  /// The same from three places; keys and values: [rows, keyHeads · width].
  package func apply(
    _ queries: Queries, keys: Columns, values: Columns, _ sequences: Sequences, bias: ScoreBias? = nil,
    kinds: [Int32] = [], to output: inout Matrix, engine: Engine
  ) {
    check(queries, keys, values, sequences)
    check(bias, kinds, sequences)
    output.resize(rows: queries.outputRows(sequences), columns: heads * width)
    let call = AttentionCall(
      attention: self, queries: queries, sequences: sequences, bias: bias, kinds: kinds,
      strides: (queries.columns.matrix.columns, keys.matrix.columns, values.matrix.columns))
    call.run(
      queries.columns.matrix.values, keys.matrix.values, values.matrix.values, offsets: (keys.first, values.first),
      bias?.values ?? [], &output.values, engine)
  }
}

extension Attention {
  /// A run of columns of a matrix, from `first` on.
  package struct Columns {
    let matrix: Matrix
    let first: Int

    package init(_ matrix: Matrix, from first: Int = 0) {
      self.matrix = matrix
      self.first = first
    }
  }

  /// Who asks, each: [rows, heads · width].
  package enum Queries {
    /// Every row of a sequence. Output: [rows, heads · width].
    case all(Columns)
    /// The first row of each sequence, e.g. the class token. Output: [sequences, heads · width].
    case first(Columns)
    /// The same rows for every sequence, e.g. a probe. Output: [sequences · rows, heads · width].
    case shared(Columns)

    var columns: Columns {
      switch self {
      case .all(let columns), .first(let columns), .shared(let columns): columns
      }
    }

    func outputRows(_ sequences: Sequences) -> Int {
      switch self {
      case .all: sequences.rows
      case .first: sequences.count
      case .shared(let columns): sequences.count * columns.matrix.rows
      }
    }

    /// The rows that ask in a sequence, and where their answers begin.
    func rows(_ sequence: Int, _ sequences: Sequences) -> (asking: Range<Int>, answer: Int) {
      let own = sequences[sequence]
      return switch self {
      case .all: (own, own.lowerBound)
      case .first: (own.prefix(1), sequence)
      case .shared(let columns): (0..<columns.matrix.rows, sequence * columns.matrix.rows)
      }
    }
  }

  private func check(_ queries: Queries, _ keys: Columns, _ values: Columns, _ sequences: Sequences) {
    if case .shared = queries {} else { check(queries.columns, heads, rows: sequences.rows) }
    check(queries.columns, heads, rows: queries.columns.matrix.rows)
    check(keys, keyHeads, rows: sequences.rows)
    check(values, keyHeads, rows: sequences.rows)
  }

  private func check(_ columns: Columns, _ heads: Int, rows: Int) {
    precondition(columns.matrix.rows == rows, "\(columns.matrix.rows) rows for sequences of \(rows)")
    precondition(
      columns.first >= 0 && columns.first + heads * width <= columns.matrix.columns, "columns inside the matrix")
  }

  private func check(_ bias: ScoreBias?, _ kinds: [Int32], _ sequences: Sequences) {
    guard let bias else { return precondition(kinds.isEmpty, "kinds of a bias that is not there") }
    precondition(bias.heads == 1 || bias.heads == heads, "a table for each head, or one")
    precondition(kinds.isEmpty || kinds.count == sequences.count, "a kind for each sequence")
    precondition(kinds.allSatisfy { 0 <= $0 && $0 < bias.kinds }, "kinds that the bias has")
    precondition((0..<sequences.count).allSatisfy { sequences[$0].count <= bias.tokens }, "tables large enough")
  }
}
