import Linear

/// One stage of a Swin transformer: blocks whose windows are moved every second time, then, but after the last stage,
/// the merging of four tokens into one.
///
/// Norms and products do not care for the order of tokens. So tokens stay in the order of the windows that are in
/// force, and one permutation leads from block to block.
struct SwinStage: Sendable {
  struct Block: Sendable {
    let layers: TransformerBlock
    let bias: ScoreBias
  }

  struct Merging: Sendable {
    let norm: LayerNorm
    let reduction: Dense
    /// Of one picture; see `SwinGrid.merging`.
    let order: [Int32]
  }

  let grid: SwinGrid
  let blocks: [Block]
  let merging: Merging?
  /// Of one picture: from windows in place to moved ones and back.
  let permutations: (away: [Int32], back: [Int32])
  let kinds: [Int32]

  /// - Parameters:
  ///   - weights: of this stage.
  ///   - next: the grid of the stage after this; nil for the last.
  init(
    _ weights: Weights, _ grid: SwinGrid, into next: SwinGrid?, depth: Int, _ shape: BlockShape, _ engine: Engine
  ) throws(LinearError) {
    self.grid = grid
    var blocks: [Block] = []
    for index in 0..<depth {
      blocks.append(try Self.block(weights.under("blocks.\(index)."), grid, grid.shift(block: index), shape, engine))
    }
    self.blocks = blocks
    permutations = (grid.permutation(from: 0, to: grid.shift), grid.permutation(from: grid.shift, to: 0))
    kinds = grid.kinds
    let shift = grid.shift(block: depth - 1)
    merging = try next.map { next throws(LinearError) in
      try Self.merging(weights.under("downsample."), order: grid.merging(from: shift, into: next), shape.width, engine)
    }
  }

  private static func block(
    _ weights: Weights, _ grid: SwinGrid, _ shift: Int, _ shape: BlockShape, _ engine: Engine
  ) throws(LinearError) -> Block {
    let offsets = (2 * grid.window - 1) * (2 * grid.window - 1)
    let table = try weights.matrix("attention.self.relative_position_bias_table", [offsets, shape.heads])
    return Block(
      layers: try weights.block(names, shape, engine: engine), bias: grid.bias(table, isShifted: shift > 0))
  }

  private static func merging(
    _ weights: Weights, order: [Int32], _ width: Int, _ engine: Engine
  ) throws(LinearError) -> Merging {
    Merging(
      norm: try weights.layerNorm("norm", columns: 4 * width, epsilon: 1e-5),
      reduction: try weights.dense("reduction", [2 * width, 4 * width], bias: .absent, engine: engine), order: order)
  }

  private static let names = BlockNames(
    attentionNorm: "layernorm_before", queriesKeysValues: ["query", "key", "value"].map { "attention.self.\($0)" },
    projection: "attention.output.dense", perceptronNorm: "layernorm_after", expand: "intermediate.dense",
    contract: "output.dense", fusedBias: .ifThere)
}

/// Runs stages; keeps its buffers, and the permutations of a batch as large as the last.
struct SwinStageRunner {
  private let stage: SwinStage
  private var count = -1
  private var sequences = Sequences(lengths: [])
  private var away: [Int32] = []
  private var back: [Int32] = []
  private var merging: [Int32] = []
  private var kinds: [Int32] = []
  private var other = Matrix()

  init(_ stage: SwinStage) { self.stage = stage }

  /// x: [count · tokens, C] in the order of windows in place → the same of the next stage, or after the last stage in
  /// any order.
  mutating func apply(to x: inout Matrix, count: Int, scratch: inout BlockScratch, engine: Engine) {
    prepare(count)
    var shift = 0
    for (index, block) in stage.blocks.enumerated() {
      let wanted = stage.grid.shift(block: index)
      if wanted != shift {
        other.gather(wanted == 0 ? back : away, from: x, engine: engine)
        swap(&other, &x)
        shift = wanted
      }
      block.layers.apply(to: &x, sequences, bias: block.bias, kinds: shift == 0 ? [] : kinds, scratch: &scratch)
    }
    if let merging = stage.merging { merge(merging, &x, engine) }
  }

  private mutating func merge(_ layers: SwinStage.Merging, _ x: inout Matrix, _ engine: Engine) {
    other.gather(merging, from: x, engine: engine)
    other.reshape(rows: other.rows / 4, columns: 4 * other.columns)
    layers.norm.apply(to: &other, engine: engine)
    layers.reduction.apply(other, to: &x)
  }

  private mutating func prepare(_ count: Int) {
    guard count != self.count else { return }
    self.count = count
    let grid = stage.grid
    sequences = Sequences(count: count * grid.windows, length: grid.window * grid.window)
    away = stage.permutations.away.repeated(count, step: grid.tokens)
    back = stage.permutations.back.repeated(count, step: grid.tokens)
    merging = (stage.merging?.order ?? []).repeated(count, step: grid.tokens)
    kinds = stage.kinds.repeated(count, step: 0)
  }
}

extension [Int32] {
  /// The same indices for each item of a batch, whose rows begin `step` after those of the item before.
  func repeated(_ count: Int, step: Int) -> [Int32] {
    (0..<count).flatMap { item in map { $0 + Int32(item * step) } }
  }
}
