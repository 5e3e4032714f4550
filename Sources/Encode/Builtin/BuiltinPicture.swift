/// The five blocks of a picture vector, from its 128 × 128 planes in sixteenths of a grey level.
enum BuiltinPicture {
  static let dimensions = 256
  static let motionPart = 240..<256

  /// planes: [3][area] red, green, blue; luma: [area]; previous: [area], or empty for the first picture → [256].
  static func vector(_ planes: [UInt16], luma: [UInt16], previous: [UInt16]) -> [Float] {
    let rgb = (0..<3).map { Kernels.cells(planes, $0) }
    var vector = shape(shapeValues(Kernels.cells(luma)))
    vector += chroma(chromaValues(rgb))
    vector += colour(colourValues(rgb))
    vector += edges(edgeValues(Kernels.edges(luma)))
    vector += motion(motionValues(luma, previous))
    return vector.map { Float($0) }
  }

  private static let shape = Block(knee: 1, weight: 0.7, floor: 4)
  private static let chroma = Block(knee: 1, weight: 1, floor: 4)
  private static let colour = Block(knee: 0.001, weight: 0.4, floor: 0.1)
  private static let edges = Block(knee: 0.05, weight: 0.8, floor: 1)
  private static let motion = Block(knee: 0.5, weight: 0.9, floor: 4)
  private static let basis = cosineBasis(count: 8, size: 32)

  /// cells: [32 · 32] luma sums of 16 pixels → [8 · 8] low frequencies, rows vertical, in grey levels around 128.
  private static func shapeValues(_ cells: [Int32]) -> [Double] {
    let picture = cells.map { Double($0) / 256 - 128 }
    var across = [Double]()  // [32 rows][8]
    for row in 0..<32 {
      for wave in basis { across.append((0..<32).reduce(0) { $0 + wave[$1] * picture[32 * row + $1] }) }
    }
    return basis.flatMap { wave in
      (0..<8).map { column in (0..<32).reduce(0) { $0 + wave[$1] * across[8 * $1 + column] } / 32 }
    }
  }

  /// rgb: [3][32 · 32] sums of 16 pixels → [16] mean Cb, then [16] mean Cr, of 4 × 4 cells, in grey levels.
  private static func chromaValues(_ rgb: [[Int32]]) -> [Double] {
    let (red, green, blue) = (cellMeans(rgb[0]), cellMeans(rgb[1]), cellMeans(rgb[2]))
    let luma = red.indices.map { 0.299 * red[$0] + 0.587 * green[$0] + 0.114 * blue[$0] }
    return zip(blue, luma).map { ($0 - $1) / 1.772 } + zip(red, luma).map { ($0 - $1) / 1.402 }
  }

  /// [32 · 32] sums of 16 pixels → [4 · 4] means in grey levels.
  private static func cellMeans(_ sums: [Int32]) -> [Double] {
    var cells = [Int32](repeating: 0, count: 16)
    for (place, sum) in sums.enumerated() { cells[place / 256 * 4 + place % 32 / 8] += sum }
    return cells.map { Double($0) / (16 * 1024) }
  }

  /// rgb: [3][32 · 32] sums of 16 pixels → [4 hues][2 saturations][2 values] shares of the picture.
  private static func colourValues(_ rgb: [[Int32]]) -> [Double] {
    var shares = [Double](repeating: 0, count: 16)
    for place in rgb[0].indices {
      let pixel = HuedPixel(Double(rgb[0][place]) / 256, Double(rgb[1][place]) / 256, Double(rgb[2][place]) / 256)
      pixel.add(to: &shares)
    }
    return shares.map { $0 / Double(rgb[0].count) }
  }

  /// sums: [4 · 4 · 8] → mean gradient per pixel in grey levels; diagonals are √2 longer.
  private static func edgeValues(_ sums: [Int32]) -> [Double] {
    let diagonal = 2.0.squareRoot()
    return sums.indices.map { Double(sums[$0]) * ($0 % 2 == 1 ? diagonal : 1) / (1024 * 32) }
  }

  /// [16] mean absolute difference per pixel in grey levels; 0 without a picture before.
  private static func motionValues(_ luma: [UInt16], _ previous: [UInt16]) -> [Double] {
    previous.isEmpty
      ? [Double](repeating: 0, count: 16) : Kernels.motion(luma, previous).map { Double($0) / (1024 * 16) }
  }
}

/// A pixel by hue, saturation and value, whose bins have soft borders: small noise moves small shares.
private struct HuedPixel {
  /// 0 ≤ hue < 4: red, then a quarter of the circle each.
  private let hue: Double
  private let saturation: Double
  private let value: Double

  /// Grey levels, 0…255.
  init(_ red: Double, _ green: Double, _ blue: Double) {
    let high = max(red, green, blue)
    let chroma = high - min(red, green, blue)
    let safe = max(chroma, 1e-9)
    let sextant =
      high == red ? (green - blue) / safe : high == green ? 2 + (blue - red) / safe : 4 + (red - green) / safe
    let place = sextant * 4 / 6
    hue = place < 0 ? place + 4 : place
    saturation = chroma / (high + 16)
    value = high / 255
  }

  /// A pale pixel's hue says little: it is spread over all hues.
  func add(to shares: inout [Double]) {
    for bin in 0..<4 {
      let distance = (hue - Double(bin)).magnitude
      let near = max(0, 1 - min(distance, 4 - distance))
      let hued = saturation * near + (1 - saturation) / 4
      shares[4 * bin] += hued * (1 - saturation) * (1 - value)
      shares[4 * bin + 1] += hued * (1 - saturation) * value
      shares[4 * bin + 2] += hued * saturation * (1 - value)
      shares[4 * bin + 3] += hued * saturation * value
    }
  }
}
