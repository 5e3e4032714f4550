import Linear

/// What several families ask of their config.json.
extension Settings {
  /// The sizes of a transformer's blocks, by the keys that this family has for them.
  /// - Throws: where the heads do not divide the width.
  func blockShape(
    width: String, _ standardWidth: Int = 768, heads: String, _ standardHeads: Int = 12, inner: (String, Int),
    activation: String, epsilon: (String?, Float)
  ) throws(LinearError) -> BlockShape {
    let columns = try count(width, default: standardWidth, in: 1...1 << 16)
    let count = try self.count(heads, default: standardHeads, in: 1...1 << 16)
    guard columns % count == 0 else { throw wrong(heads, "\(count) does not divide \(width) \(columns)") }
    return BlockShape(
      width: columns, heads: count, inner: try self.count(inner.0, default: inner.1, in: 1...1 << 18),
      activation: try self.activation(activation, default: .gelu),
      epsilon: try epsilon.0.map { name throws(LinearError) in try self.epsilon(name, epsilon.1) } ?? epsilon.1)
  }

  /// A small number above zero.
  func epsilon(_ key: String, _ standard: Float) throws(LinearError) -> Float {
    let epsilon = try number(key, default: standard)
    guard epsilon > 0 && epsilon < 1 else { throw wrong(key, "is not between 0 and 1") }
    return epsilon
  }

  /// As many whole numbers as `standard` has.
  func counts(_ key: String, default standard: [Int], in range: ClosedRange<Int>) throws(LinearError) -> [Int] {
    let numbers = try numbers(key, default: standard.map { Float($0) }, count: standard.count)
    let counts = numbers.compactMap { Int(exactly: $0) }.filter { range.contains($0) }
    guard counts.count == standard.count else {
      throw wrong(key, "are not whole numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    return counts
  }

  /// - Parameters:
  ///   - tokens: of one input.
  ///   - together: inputs in one product.
  ///   - widths: columns of what is computed for each token, and the setting that makes them so many.
  /// - Throws: naming the setting, where a product would give more than a gigabyte.
  func checkLayers(tokens: Int, together: Int, _ widths: (key: String, columns: Int)...) throws(LinearError) {
    for width in widths where tokens * width.columns > Self.productLimit / together {
      throw wrong(width.key, "makes layers of \(tokens) × \(width.columns) samples")
    }
  }

  /// Samples.
  private static var productLimit: Int { 1 << 28 }
}
