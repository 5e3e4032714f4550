import Linear

/// AST's feature extractor in the manner of Kaldi, as transformers compute it without torchaudio.
struct ASTFeatures: Sendable {
  static let rate = 16000
  /// Of a spectrogram; what is missing is filled with `padding`.
  let frames: Int
  let mel: LogMel
  /// The value 0, normalised.
  let padding: Float

  init(_ folder: CheckpointFolder) throws(LinearError) {
    let settings = try Settings.featureExtractor(of: folder)
    guard try settings.count("sampling_rate", default: Self.rate, in: 1...1 << 20) == Self.rate else {
      throw settings.wrong("sampling_rate", "is not \(Self.rate)")
    }
    frames = try settings.count("max_length", default: 1024, in: 1...1 << 14)
    let filters = MelFilters(
      scale: .kaldi, norm: .none, isStraightInMel: true,
      count: try settings.count("num_mel_bins", default: 128, in: 1...1 << 10), range: 20...8000)
    let (mean, deviation) = try Self.normalization(settings)
    padding = -mean / (2 * deviation)
    var mel = LogMel(
      .kaldi(emphasis: 0.97), rate: Self.rate, hop: 160, window: LogMel.hann(symmetric: 400), size: 512,
      filters: filters, floor: 1.192092955078125e-07, scale: 1 / Double(2 * deviation))
    mel.shifts = [Float](repeating: padding, count: mel.bands)
    self.mel = mel
  }

  /// What values are normalised with: (value − mean) / (2 · deviation).
  private static func normalization(_ settings: Settings) throws(LinearError) -> (mean: Float, deviation: Float) {
    guard try settings.flag("do_normalize", default: true) else { return (0, 0.5) }
    let deviation = try settings.number("std", default: 4.5689974)
    guard deviation > 1e-6 else { throw settings.wrong("std", "is not above zero") }
    return (try settings.number("mean", default: -4.2677393), deviation)
  }
}

/// Makes spectrograms; keeps its buffers.
struct ASTFeaturesRunner {
  private let features: ASTFeatures
  private var mel: LogMelRunner
  private var spectrogram: Matrix

  init(_ features: ASTFeatures, _ engine: Engine) {
    self.features = features
    mel = LogMelRunner(features.mel, engine)
    spectrogram = Matrix(rows: features.frames, columns: features.mel.bands)
  }

  /// → [frames, bands]
  mutating func apply(_ sound: [Float]) -> Matrix {
    let count = min(features.frames, features.mel.frames(samples: sound.count))
    mel.apply(sound, frames: count, to: &spectrogram, at: 0)
    for row in count..<features.frames {
      spectrogram.setRow(row, to: repeatElement(features.padding, count: features.mel.bands))
    }
    return spectrogram
  }
}
