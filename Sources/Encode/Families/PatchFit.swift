/// Into how many patches a picture is cut that keeps its shape as nearly as whole patches allow.
struct PatchFit: Sendable {
  /// Pixels along a side of a patch.
  let patch: Int
  /// Patches of a picture.
  let most: Int

  struct Grid: Hashable, Sendable {
    let across: Int
    let down: Int

    var count: Int { across * down }
  }

  /// The largest scale that keeps to `most`, found by halving as the original does.
  func grid(width: Int, height: Int) -> Grid {
    var low = 1e-6, high = 100.0
    while high - low >= 1e-5 {
      let middle = (low + high) / 2
      if scaled(width, height, middle).count <= most { low = middle } else { high = middle }
    }
    return scaled(width, height, low)
  }

  private func scaled(_ width: Int, _ height: Int, _ scale: Double) -> Grid {
    Grid(across: patches(width, scale), down: patches(height, scale))
  }

  private func patches(_ size: Int, _ scale: Double) -> Int {
    max(1, Int((Double(size) * scale / Double(patch)).rounded(.up)))
  }
}
