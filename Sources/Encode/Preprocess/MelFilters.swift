import Glibc

/// Scales of equal steps in pitch.
enum MelScale: Sendable {
  /// 2595 · log₁₀(1 + f / 700)
  case htk
  /// 1127 · ln(1 + f / 700)
  case kaldi
  /// Linear to 1 kHz, then logarithmic.
  case slaney

  func mel(hertz: Double) -> Double {
    switch self {
    case .htk: 2595 * log10(1 + hertz / 700)
    case .kaldi: 1127 * log(1 + hertz / 700)
    case .slaney: hertz < 1000 ? 3 * hertz / 200 : 15 + log(hertz / 1000) * 27 / log(6.4)
    }
  }

  func hertz(mel: Double) -> Double {
    switch self {
    case .htk: 700 * (pow(10, mel / 2595) - 1)
    case .kaldi: 700 * (exp(mel / 1127) - 1)
    case .slaney: mel < 15 ? 200 * mel / 3 : 1000 * exp((mel - 15) * log(6.4) / 27)
    }
  }
}

/// Overlapping triangles, equally wide on a mel scale.
struct MelFilters: Sendable {
  /// What is made of the height 1 at their peaks.
  enum Norm: Sendable {
    case none
    /// Each of area 1 over frequency: a factor 2 / width in hertz.
    case area
  }

  var scale: MelScale
  var norm: Norm
  /// Triangles over mel instead of hertz.
  var isStraightInMel = false
  var count: Int
  /// Hertz.
  var range: ClosedRange<Double>

  /// [count][bins]: weights of the bins of a transform of `size` points at `rate` samples per second.
  func matrix(size: Int, rate: Int) -> [[Double]] {
    let (low, high) = (scale.mel(hertz: range.lowerBound), scale.mel(hertz: range.upperBound))
    let mels = (0..<count + 2).map { low + (high - low) * Double($0) / Double(count + 1) }
    let hertz = mels.map { scale.hertz(mel: $0) }
    let bins = (0...size / 2).map { Double($0) * (Double(rate) / Double(size)) }
    let (edges, places) = isStraightInMel ? (mels, bins.map { scale.mel(hertz: $0) }) : (hertz, bins)
    return (0..<count).map { band in
      let (start, peak, end) = (edges[band], edges[band + 1], edges[band + 2])
      let width = hertz[band + 2] - hertz[band]
      return places.map { place in
        let height = max(0, min((place - start) / (peak - start), (end - place) / (end - peak)))
        return norm == .area ? height * 2 / width : height
      }
    }
  }
}
