/// A vector as sixteen levels: near vectors give near levels, others do not.
enum VectorSwatch {
  static let length = 16
  static let characters: [Character] = Array("▁▂▃▄▅▆▇█")
  /// The terminal's 256 colours from blue to yellow, one a level.
  static let colors = [61, 67, 73, 72, 78, 114, 150, 186]

  /// Sixteen sums of the components with fixed pseudo-random signs (a count sketch: Charikar et al. 2002, Finding
  /// Frequent Items in Data Streams). For a unit vector their spread is about 1/4; two deviations fill the scale.
  static func levels(_ vector: [Float]) -> [Int] {
    var sums = [Double](repeating: 0, count: length)
    var squares = 0.0
    for (index, value) in vector.enumerated() where value.isFinite {
      let hash = mixed(UInt64(index))
      sums[index % length] += hash & 1 == 0 ? Double(value) : -Double(value)
      squares += Double(value) * Double(value)
    }
    let deviation = (squares / Double(length)).squareRoot()
    return sums.map { sum in
      guard deviation > 0 else { return characters.count / 2 }
      let place = (sum / deviation + 2) / 4 * Double(characters.count)
      return Int(min(max(place, 0), Double(characters.count - 1)))
    }
  }

  /// SplitMix64: each bit of the result depends on all of `value`.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var bits = value &+ 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
