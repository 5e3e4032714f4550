/// From 8-bit samples to what a model takes: ((x · factor) − mean) / deviation for each colour, looked up.
struct PixelScale: Sendable {
  /// [3][256]
  let table: [Float]

  /// - Parameters:
  ///   - factor: what samples are multiplied by first; 1 / 255 as a rule.
  ///   - mean: of each colour, [3].
  ///   - deviation: [3], not zero.
  init(factor: Float, mean: [Float], deviation: [Float]) {
    precondition(mean.count == 3 && deviation.count == 3, "a value per colour")
    // torchvision's order: mean and deviation are brought to the scale of the samples.
    table = (0..<3).flatMap { colour in
      (0..<256).map { (Float($0) - mean[colour] * (1 / factor)) / (deviation[colour] * (1 / factor)) }
    }
  }
}
