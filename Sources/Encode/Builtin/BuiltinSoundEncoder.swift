/// The layout of a sound step: means over its frames, of values and of squares, so that steps can be pooled.
enum BuiltinSoundStep {
  static let logMel = 0..<64
  static let logMelSquare = 64..<128
  /// Absolute change from the frame before.
  static let change = 128..<192
  static let cepstrum = 192..<212
  static let cepstrumSquare = 212..<232
  static let chroma = 232..<244
  /// Centroid, bandwidth, roll-off, flatness, zero crossings, loudness, its square, rise, its square, onset rate,
  /// harmonicity, silence.
  static let scalars = 244..<256
  static let count = 256
}

/// 100 ms of sound at 16 kHz → [256] means over ten frames.
struct BuiltinSoundEncoder: ContentEncoder {
  typealias Input = SoundChunk

  private let tables: SoundTables
  private var work = lanes(Kernels.transform)
  private var power = lanes(Kernels.bins)
  private var magnitude = lanes(Kernels.bins)
  private var mel = lanes(SoundTables.bands)
  private var logMel = lanes(SoundTables.bands)
  private var cepstrum = lanes(20)
  private var chroma = lanes(12)
  private var moments = lanes(4)
  private var harmonicity = lanes(1)

  init(_ tables: SoundTables) { self.tables = tables }

  mutating func encode(_ chunk: SoundChunk) -> Features {
    analyse(chunk.samples)
    let frames = FrameWeights(chunk)
    var vector: [Float] = []
    vector.reserveCapacity(BuiltinSoundStep.count)
    vector += frames.means(logMel) { $0 }
    vector += frames.means(logMel) { $0 * $0 }
    vector += frames.meanChanges(logMel)
    vector += frames.means(cepstrum) { $0 }
    vector += frames.means(cepstrum) { $0 * $0 }
    vector += frames.means(shares(chroma)) { $0 }
    vector += frames.means(scalars(chunk.samples, rises: frames.rises(logMel))) { $0 }
    return Features(vector: vector, quality: chunk.meanPower)
  }
}

extension BuiltinSoundEncoder {
  /// samples: [2000] → spectra and what follows from them, of lanes 0 (the frame before) to 10.
  private mutating func analyse(_ samples: [Float]) {
    Kernels.spectra(
      samples, hop: SoundTables.frameHop, frames: SoundTables.frames + 1, window: tables.window,
      fourier: tables.fourier, scale: tables.scale, work: &work, power: &power)
    Kernels.sum(power, tables.mel, out: &mel)
    Kernels.log1p(mel, scale: 1 / SoundTables.quiet, out: &logMel)
    Kernels.sum(logMel, tables.cepstrum, out: &cepstrum)
    Kernels.roots(power, out: &magnitude)
    Kernels.sum(magnitude, tables.chroma, out: &chroma)
    Kernels.moments(power, floor: SoundTables.quiet, out: &moments)
    Kernels.harmonicity(
      power, fourier: tables.fourier, expected: tables.expected, first: SoundTables.lags.lowerBound,
      floor: SoundTables.quiet, work: &work, out: &harmonicity)
  }

  /// Each row as a share of the sum of all rows, per lane.
  private func shares(_ rows: [Float]) -> [Float] {
    let sums = columnSums(rows)
    return rows.indices.map { rows[$0] / (sums[$0 % Kernels.lanes] + 0.01) }
  }

  /// [12] lanes, in the order of `BuiltinSoundStep.scalars`. rises: [1] lanes.
  private func scalars(_ samples: [Float], rises: [Float]) -> [Float] {
    let loudness = loudnesses()
    var out: [Float] = []
    out.reserveCapacity(12 * Kernels.lanes)
    for index in 1...3 { out += row(index, of: moments) }
    out += flatnesses()
    out += zeroCrossings(samples)
    out += loudness
    out += loudness.map { $0 * $0 }
    out += rises
    out += rises.map { $0 * $0 }
    out += rises.map { ramp($0, from: 0.3, to: 0.6) }
    out += harmonicity
    out += loudness.map { 1 - ramp($0, from: 2.3978953, to: 4.6151205) }  // −60 to −50 dB of full scale
    return out
  }

  /// ln(1 + mean square / 1e-7) of each windowed frame, by Parseval.
  private func loudnesses() -> [Float] {
    let (total, first, last) = (row(0, of: moments), row(0, of: power), row(Kernels.bins - 1, of: power))
    let energy = total.indices.map { (2 * total[$0] - first[$0] - last[$0]) / Float(Kernels.transform) }
    return logarithms(energy, over: 1e-7)
  }

  /// Mean of the logarithms less the logarithm of the mean, over the core bands: 0 for a flat spectrum, else negative.
  private func flatnesses() -> [Float] {
    let core = SoundTables.coreBands * Kernels.lanes
    let means = columnSums(mel[..<core]).map { $0 / Float(SoundTables.coreBands) }
    let logarithmOfMean = logarithms(means, over: SoundTables.quiet)
    return zip(columnSums(logMel[..<core]), logarithmOfMean).map { $0 / Float(SoundTables.coreBands) - $1 }
  }

  /// Fraction of the samples of each frame's own 10 ms whose sign differs from the sample before.
  private func zeroCrossings(_ samples: [Float]) -> [Float] {
    (0..<Kernels.lanes).map { lane in
      guard let own = frameBody(lane) else { return 0 }
      let count = own.reduce(0) { $0 + ((samples[$1] >= 0) == (samples[$1 - 1] >= 0) ? 0 : 1) }
      return Float(count) / Float(own.count)
    }
  }
}

/// ln(1 + x / unit) of one row.
private func logarithms(_ values: [Float], over unit: Float) -> [Float] {
  var out = values
  Kernels.log1p(values, scale: 1 / unit, out: &out)
  return out
}

/// 0 up to `low`, 1 from `high` on.
private func ramp(_ x: Float, from low: Float, to high: Float) -> Float { max(0, min(1, (x - low) / (high - low))) }

private func lanes(_ rows: Int) -> [Float] { [Float](repeating: 0, count: rows * Kernels.lanes) }
