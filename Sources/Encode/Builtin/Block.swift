/// How one block of a vector is power-normalised and weighted.
struct Block {
  /// Border between the linear and the square-root part of `softRoot`, in the block's own unit.
  var knee: Double
  /// The norm that the block tends to.
  var weight: Double
  /// Norms well below this stay small: a block without content does not shout.
  var floor: Double

  init(knee: Double, weight: Double, floor: Double) {
    self.knee = knee
    self.weight = weight
    self.floor = floor
  }

  /// taper: a factor per value, after the root; empty for none.
  func callAsFunction(_ values: [Double], taper: [Double] = []) -> [Double] {
    var rooted = values.map { softRoot($0, knee: knee) }
    for (i, factor) in taper.enumerated() { rooted[i] *= factor }
    let norm = rooted.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return rooted.map { weight * $0 / (norm + floor) }
  }
}

/// Signed square root, linear near zero, so that noise around zero stays small.
func softRoot(_ x: Double, knee: Double) -> Double { x / (x.magnitude + knee).squareRoot() }

/// Orthonormal DCT-II. → [count][size]: row k is cos(πk(2i + 1) / 2·size), scaled.
func cosineBasis(count: Int, size: Int) -> [[Double]] {
  (0..<count).map { k in
    let scale = (k == 0 ? 1 / Double(size) : 2 / Double(size)).squareRoot()
    return (0..<size).map { scale * cosine(Double(k * (2 * $0 + 1)) / Double(4 * size)) }
  }
}
