import Glibc
import Linear

/// CLAP's feature extractor for clips up to its window, as `preprocessor_config.json` describes it. Longer ones, of
/// which the reference takes a random part, are never asked for.
struct CLAPFeatures: Sendable {
  /// What becomes of a clip shorter than the window.
  enum Padding: String {
    /// Repeated while it fits as a whole, then zeros.
    case repeatpad
    /// Repeated, the last time cut.
    case `repeat`
    /// Zeros.
    case pad
  }

  let rate: Int
  /// Samples.
  let window: Int
  let padding: Padding
  /// Decibels.
  let mel: LogMel

  init(_ folder: CheckpointFolder) throws(LinearError) {
    let settings = try Settings.featureExtractor(of: folder)
    guard !settings.contains("top_db") else { throw settings.wrong("top_db", "is not known here") }
    rate = try settings.count("sampling_rate", default: 48000, in: 1...1 << 20)
    window = try settings.count("max_length_s", default: 10, in: 1...60) * rate
    let name = try settings.text("padding") ?? "repeatpad"
    guard let padding = Padding(rawValue: name) else {
      throw settings.wrong("padding", "\(name.prefix(32).debugDescription) is not known here")
    }
    self.padding = padding
    mel = try Self.recipe(settings, rate)
    guard window > mel.window.count else { throw settings.wrong("fft_window_size", "is longer than a clip") }
  }

  private static func recipe(_ settings: Settings, _ rate: Int) throws(LinearError) -> LogMel {
    let size = try settings.transformSize("fft_window_size", 1024)
    // Mel bands of torchaudio in fused checkpoints, of librosa in the others.
    let isFusion = try settings.text("truncation") ?? "fusion" == "fusion"
    let filters = MelFilters(
      scale: isFusion ? .htk : .slaney, norm: isFusion ? .none : .area,
      count: try settings.count("feature_size", default: 64, in: 1...1 << 10),
      range: try settings.range("frequency_min", 0, "frequency_max", 14000))
    return LogMel(
      .centred, rate: rate, hop: try settings.count("hop_length", default: 480, in: 1...1 << 16),
      window: LogMel.hann(periodic: size), size: size, filters: filters, floor: 1e-10, scale: 10 / log(10))
  }

  /// `sound` made as long as the window.
  func extend(_ sound: [Float], into out: inout [Float]) {
    out.removeAll(keepingCapacity: true)
    let length = min(sound.count, window)
    let times =
      switch padding {
      case _ where length == 0: 0
      case .repeatpad: window / length
      case .repeat: (window + length - 1) / length
      case .pad: 1
      }
    for _ in 0..<times { out.append(contentsOf: sound.prefix(window - out.count)) }
    out.append(contentsOf: repeatElement(0, count: window - out.count))
  }
}
