import CKernels

/// One call of attention, cut into the heads of its sequences.
struct AttentionCall {
  let attention: Attention
  let queries: Attention.Queries
  let sequences: Sequences
  let bias: ScoreBias?
  let kinds: [Int32]
  /// Columns of the three matrices.
  let strides: (q: Int, k: Int, v: Int)

  func run(
    _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>, offsets: (k: Int, v: Int),
    _ table: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ engine: Engine
  ) {
    let q = q + queries.columns.first, k = k + offsets.k, v = v + offsets.v
    let longest = (0..<sequences.count).map { sequences[$0].count }.max() ?? 0
    engine.perform(sequences.count * attention.heads, cost: cost(of: longest)) { tasks in
      var scratch = HeadScratch(keys: longest, width: attention.width)
      for task in tasks {
        let (sequence, head) = task.quotientAndRemainder(dividingBy: attention.heads)
        scratch.attend(work(sequence, head, q, k, v, table, out))
      }
    }
  }

  /// Nanoseconds of one head, at thirty multiplications in each.
  private func cost(of keys: Int) -> Int {
    let asking = if case .all = queries { keys } else { queries.outputRows(sequences) / max(1, sequences.count) }
    return max(1, asking) * keys * attention.width / 15
  }

  private func work(
    _ sequence: Int, _ head: Int, _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>, _ v: UnsafePointer<Float>,
    _ table: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>
  ) -> HeadWork {
    let width = attention.width, keys = sequences[sequence]
    let keyHead = head / (attention.heads / attention.keyHeads)
    let rows = queries.rows(sequence, sequences)
    let stride = attention.heads * width
    return HeadWork(
      q: q + rows.asking.lowerBound * strides.q + head * width, qStride: strides.q, queries: rows.asking.count,
      k: k + keys.lowerBound * strides.k + keyHead * width, kStride: strides.k,
      v: v + keys.lowerBound * strides.v + keyHead * width, vStride: strides.v, keys: keys.count, width: width,
      scale: attention.scale, limit: attention.limit,
      bias: bias.map { table + $0.start(kind: kinds.isEmpty ? 0 : Int(kinds[sequence]), head: head) },
      biasStride: bias?.tokens ?? 0, out: out + rows.answer * stride + head * width, outStride: stride)
  }
}

/// One head of one sequence. Strides in floats.
struct HeadWork {
  let q: UnsafePointer<Float>, qStride: Int, queries: Int
  let k: UnsafePointer<Float>, kStride: Int
  let v: UnsafePointer<Float>, vStride: Int
  let keys: Int, width: Int
  let scale: Float, limit: Float
  /// [queries, keys]
  let bias: UnsafePointer<Float>?, biasStride: Int
  let out: UnsafeMutablePointer<Float>, outStride: Int
}

/// Memory for one head after another: the packed keys and values, and the scores of some queries.
struct HeadScratch {
  /// Queries whose scores are held at once: a multiple of the heights of the product's tiles.
  private static let block = 48
  private var keys: [Float]
  private var values: [Float]
  private var scores: [Float]

  /// For heads of up to this many keys.
  init(keys count: Int, width: Int) {
    let panel = tk_panel()
    keys = [Float](repeating: 0, count: count.roundedUp(to: panel) * width)
    values = [Float](repeating: 0, count: count * width.roundedUp(to: panel))
    scores = [Float](repeating: 0, count: Self.block * count.roundedUp(to: 16))
  }

  mutating func attend(_ work: HeadWork) {
    Operations.add(rows: work.queries, columns: work.keys, depth: 2 * work.width)
    tk_pack_transposed(work.k, work.kStride, work.keys, work.width, &keys)
    tk_pack(work.v, work.vStride, work.keys, work.width, &values)
    for first in stride(from: 0, to: work.queries, by: Self.block) {
      attend(work, first..<min(first + Self.block, work.queries))
    }
  }

  private mutating func attend(_ work: HeadWork, _ rows: Range<Int>) {
    let (first, count, stride) = (rows.lowerBound, rows.count, work.keys.roundedUp(to: 16))
    let bias = work.bias.map { $0 + first * work.biasStride }
    tk_product(
      work.q + first * work.qStride, work.qStride, keys, count, work.width, work.keys, work.scale, 0, &scores, stride)
    tk_softmax(&scores, stride, count, work.keys, bias, work.biasStride, work.limit)
    tk_product(
      scores, stride, values, count, work.keys, work.width, 1, 0, work.out + first * work.outStride, work.outStride)
  }
}

extension Int {
  func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}
