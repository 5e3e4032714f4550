/// The sound vector of a window, from the mean of its steps: seven blocks, power-normalised and weighted.
enum BuiltinSoundVector {
  static let dimensions = 256

  /// pooled: [256], see `BuiltinSoundStep` → [256], not yet of norm 1.
  static func blocks(_ pooled: [Double]) -> [Double] {
    typealias Step = BuiltinSoundStep
    let (logMel, cepstrum) = (Array(pooled[Step.logMel]), Array(pooled[Step.cepstrum]))
    let level = logMel[..<SoundTables.coreBands].reduce(0, +) / Double(SoundTables.coreBands)
    var vector = mean(logMel.map { $0 - level }, taper: taper)
    vector += deviation(deviations(logMel, squares: pooled[Step.logMelSquare]), taper: taper)
    vector += change(Array(pooled[Step.change]), taper: taper)
    vector += cepstrumMean(cepstrum)
    vector += chroma(Array(pooled[Step.chroma]))
    vector += cepstrumDeviation(deviations(cepstrum, squares: pooled[Step.cepstrumSquare]))
    vector += scalars(standardised(Array(pooled[Step.scalars])))
    return vector
  }

  private static let mean = Block(knee: 0.25, weight: 1, floor: 1)
  private static let deviation = Block(knee: 0.1, weight: 0.6, floor: 1)
  private static let change = Block(knee: 0.1, weight: 0.6, floor: 1)
  private static let cepstrumMean = Block(knee: 0.5, weight: 0.7, floor: 1)
  private static let chroma = Block(knee: 0.02, weight: 0.7, floor: 0.2)
  private static let cepstrumDeviation = Block(knee: 0.5, weight: 0.6, floor: 1)
  private static let scalars = Block(knee: 0.5, weight: 0.25, floor: 1)
  /// Codecs cut what lies above the core bands: it counts less.
  private static let taper = (0..<SoundTables.bands).map { $0 < SoundTables.coreBands ? 1 : 0.15 }

  /// Centroid, bandwidth, roll-off, flatness, zero crossings, loudness and its deviation, rise and its deviation,
  /// onset rate, harmonicity, silence: usual values, and how far they usually spread.
  private static let centres = [0.15, 0.15, 0.3, -1.5, 0.1, 8, 1, 0.2, 0.15, 0.2, 0.5, 0.1]
  private static let scales = [0.1, 0.08, 0.2, 1, 0.08, 3, 0.7, 0.1, 0.1, 0.2, 0.2, 0.3]

  /// pooled: [12] → [12] around 0 within about ±1, fading out towards silence.
  private static func standardised(_ pooled: [Double]) -> [Double] {
    var values = pooled
    values[6] = spread(pooled[5], square: pooled[6])
    values[8] = spread(pooled[7], square: pooled[8])
    let sounding = pooled[5] / (pooled[5] + 1)
    return values.indices.map { (values[$0] - centres[$0]) / scales[$0] * sounding }
  }

  private static func deviations(_ means: [Double], squares: ArraySlice<Double>) -> [Double] {
    zip(means, squares).map { spread($0, square: $1) }
  }

  /// Standard deviation, but quadratic near zero: what cancellation leaves of a variance of zero stays harmless.
  private static func spread(_ mean: Double, square: Double) -> Double {
    let variance = max(0, square - mean * mean)
    return variance / (variance + 0.05).squareRoot()
  }
}
