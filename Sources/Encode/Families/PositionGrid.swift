import Linear

/// Learnt positions of a square of patches, stretched to other grids: bilinear, with antialiasing, as torch does it.
struct PositionGrid: Sendable {
  /// [side · side, D]
  private let learnt: Matrix
  /// Added to each position, [D].
  private let offset: [Float]
  private let side: Int

  init(_ learnt: Matrix, offset: [Float]) {
    precondition(offset.count == learnt.columns)
    self.learnt = learnt
    self.offset = offset
    side = Int(Double(learnt.rows).squareRoot())
  }

  /// [down · across, D]
  func stretched(to grid: PatchFit.Grid) -> Matrix {
    let across = ResizeKernel(size: side, outputs: grid.across, filter: .bilinear)
    let down = ResizeKernel(size: side, outputs: grid.down, filter: .bilinear)
    var wide = Matrix(rows: side * grid.across, columns: learnt.columns)
    for row in 0..<side {
      for column in 0..<grid.across {
        Self.mix(learnt, from: row * side, step: 1, across.row(column), to: &wide, row * grid.across + column)
      }
    }
    var all = Matrix(rows: grid.count, columns: learnt.columns)
    for row in 0..<grid.count { all.setRow(row, to: offset) }
    for row in 0..<grid.down {
      let weights = down.row(row)
      for column in 0..<grid.across {
        Self.mix(wide, from: column, step: grid.across, weights, to: &all, row * grid.across + column)
      }
    }
    return all
  }

  /// Adds the weighed rows `first` + `step` · n to a row.
  private static func mix(
    _ source: Matrix, from first: Int, step: Int, _ weights: (start: Int, weights: [Double]), to out: inout Matrix,
    _ row: Int
  ) {
    for (tap, weight) in weights.weights.enumerated() {
      let from = source.row(first + (weights.start + tap) * step), weight = Float(weight)
      out.withMutableRow(row) { values in
        for (column, value) in from.enumerated() { values[column] += weight * value }
      }
    }
  }
}
