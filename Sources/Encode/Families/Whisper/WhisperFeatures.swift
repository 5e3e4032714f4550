import Glibc
import Linear

/// Whisper's feature extractor: 100 frames of mel power per second, its logarithm cut 80 dB below the loudest.
struct WhisperFeatures: Sendable {
  static let rate = 16000
  /// Of the window.
  let seconds: Int
  let mel: LogMel
  var window: Int { seconds * Self.rate }
  var frames: Int { window / mel.hop }

  init(_ folder: CheckpointFolder) throws(LinearError) {
    let settings = try Settings.featureExtractor(of: folder)
    guard try settings.count("sampling_rate", default: Self.rate, in: 1...1 << 20) == Self.rate else {
      throw settings.wrong("sampling_rate", "is not \(Self.rate)")
    }
    seconds = try settings.count("chunk_length", default: 30, in: 1...600)
    let size = try settings.transformSize("n_fft", 400)
    let filters = MelFilters(
      scale: .slaney, norm: .area, count: try settings.count("feature_size", default: 80, in: 1...1 << 10),
      range: 0...8000)
    mel = LogMel(
      .centred, rate: Self.rate, hop: try settings.count("hop_length", default: 160, in: 1...1 << 16),
      window: LogMel.hann(periodic: size), size: size, filters: filters, floor: 1e-10, scale: 1 / log(10))
    guard window > size else { throw settings.wrong("n_fft", "\(size) is longer than the window") }
  }
}

/// Makes spectrograms; keeps its buffers.
struct WhisperFeaturesRunner {
  private let features: WhisperFeatures
  private var mel: LogMelRunner
  private var window: [Float] = []

  init(_ features: WhisperFeatures, _ engine: Engine) {
    self.features = features
    mel = LogMelRunner(features.mel, engine)
  }

  /// The last frame, around the end of the window, is left out, as in the reference.
  mutating func apply(_ sound: [Float], to out: inout Matrix, at row: Int) {
    window.removeAll(keepingCapacity: true)
    window.append(contentsOf: sound.prefix(features.window))
    window.append(contentsOf: repeatElement(0, count: features.window - window.count))
    mel.apply(window, frames: features.frames, to: &out, at: row)
    compress(&out, row..<row + features.frames)
  }

  private func compress(_ out: inout Matrix, _ rows: Range<Int>) {
    var loudest = -Float.infinity
    for row in rows {
      out.withRow(row) { for band in $0.indices { loudest = max(loudest, $0[band]) } }
    }
    for row in rows {
      out.withMutableRow(row) { for band in $0.indices { $0[band] = (max($0[band], loudest - 8) + 4) / 4 } }
    }
  }
}
