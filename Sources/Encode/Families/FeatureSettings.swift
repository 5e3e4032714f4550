import Linear

/// What several feature extractors ask of their configuration.
extension Settings {
  /// `preprocessor_config.json`, or the part of `processor_config.json`; without either the defaults of the class.
  static func featureExtractor(of folder: CheckpointFolder) throws(LinearError) -> Settings {
    if let own = try read("preprocessor_config.json", of: folder) { return own }
    if let all = try read("processor_config.json", of: folder) { return try all.table("feature_extractor") }
    return try configuration(of: folder).table("feature_extractor")
  }

  /// A frame's length that can be transformed.
  func transformSize(_ key: String, _ standard: Int) throws(LinearError) -> Int {
    let size = try count(key, default: standard, in: 2...1 << 16)
    guard Fourier.isPossible(size) else { throw wrong(key, "\(size) is no even product of twos and fives") }
    return size
  }

  /// Hertz.
  func range(
    _ low: String, _ standardLow: Float, _ high: String, _ standardHigh: Float
  ) throws(LinearError) -> ClosedRange<Double> {
    let (lower, upper) = (try number(low, default: standardLow), try number(high, default: standardHigh))
    guard 0 <= lower && lower + 1 <= upper && upper <= 1e6 else {
      throw wrong(low, "and \(high) are no range of frequencies")
    }
    return Double(lower)...Double(upper)
  }
}
