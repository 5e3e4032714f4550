/// How much of each frame's own 10 ms is content: frames without content do not count in a step's means.
struct FrameWeights {
  /// [lanes], of sum 1 over the step's frames, which are lanes 1…10.
  private let weights: [Double]
  /// [lanes]: whether the frame before this one holds content, so that a change can be told.
  private let follows: [Bool]

  init(_ chunk: SoundChunk) {
    let covered = (0..<Kernels.lanes).map { lane in frameBody(lane).map(chunk.covered) ?? 0 }
    let total = Double(covered[1...].reduce(0, +))
    weights = covered.indices.map { $0 == 0 || total == 0 ? 0 : Double(covered[$0]) / total }
    follows = covered.indices.map { $0 > 0 && covered[$0 - 1] > 0 }
  }

  /// rows: lanes → the weighted mean of `value` over the frames, per row.
  func means(_ rows: [Float], _ value: (Double) -> Double) -> [Float] {
    stride(from: 0, to: rows.count, by: Kernels.lanes).map { start in
      var sum = 0.0
      for lane in Self.used { sum += weights[lane] * value(Double(rows[start + lane])) }
      return Float(sum)
    }
  }

  /// rows: lanes → the weighted mean of |change from the frame before|, per row.
  func meanChanges(_ rows: [Float]) -> [Float] {
    stride(from: 0, to: rows.count, by: Kernels.lanes).map { start in
      var sum = 0.0
      for lane in Self.used where follows[lane] {
        sum += weights[lane] * Double((rows[start + lane] - rows[start + lane - 1]).magnitude)
      }
      return Float(sum)
    }
  }

  /// logMel: [64] lanes → [1] lanes: the mean rise over the core bands.
  func rises(_ logMel: [Float]) -> [Float] {
    (0..<Kernels.lanes).map { lane in
      guard follows[lane] else { return 0 }
      var sum: Float = 0
      for band in 0..<SoundTables.coreBands {
        let place = band * Kernels.lanes + lane
        sum += max(0, logMel[place] - logMel[place - 1])
      }
      return sum / Float(SoundTables.coreBands)
    }
  }

  /// The lanes of the step's own frames.
  private static let used = 1...SoundTables.frames
}

/// The 10 ms that belong to the frame of a lane, within a chunk; nil for lanes without a frame.
func frameBody(_ lane: Int) -> Range<Int>? {
  guard lane <= SoundTables.frames else { return nil }
  let start = SoundTables.needs.lookback + SoundTables.frameHop * (lane - 1)
  return start..<start + SoundTables.frameHop
}

/// One row of lanes.
func row(_ index: Int, of rows: [Float]) -> [Float] { Array(rows[index * Kernels.lanes..<(index + 1) * Kernels.lanes]) }

/// The sum of all rows, per lane.
func columnSums(_ rows: some Collection<Float>) -> [Float] {
  var sums = [Float](repeating: 0, count: Kernels.lanes)
  for (place, value) in rows.enumerated() { sums[place % Kernels.lanes] += value }
  return sums
}
