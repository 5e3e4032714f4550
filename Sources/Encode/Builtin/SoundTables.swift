import Glibc

/// The constants of the sound encoder, computed once in double precision.
struct SoundTables: Sendable {
  static let rate = 16000
  /// Samples between frames, and frames in a step.
  static let frameHop = 160
  static let frames = 10
  static let frameLength = 400
  /// A frame is centred on its 10 ms. A step also sees the frame before it: its changes begin there.
  static let needs = SoundNeeds(rate: rate, hop: frameHop * frames, lookback: 280, lookahead: 120)
  /// Mel bands, and how many of them lie in the band that every codec keeps (below about 3.6 kHz).
  static let bands = 64
  static let coreBands = 48
  /// Power density taken for silence (full scale = 1).
  static let quiet: Float = 1e-6
  /// Lags of 500 Hz down to 100 Hz.
  static let lags = 32..<161

  let window: [Float]
  let fourier = Fourier(size: Kernels.transform)
  /// 1 / Σ window²: white noise of power p has power p in every bin.
  let scale: Float
  let mel = Kernels.Bands(melFilters())
  let chroma = Kernels.Bands(chromaFilters())
  let cepstrum = Kernels.Bands(Array(cosineBasis(count: 21, size: coreBands)[1...]))
  /// [lags.upperBound]: the window's own circular autocorrelation, 1 at lag 0.
  let expected: [Float]

  init() {
    let hann = (0..<Self.frameLength).map { 0.5 - 0.5 * cosine(Double($0) / Double(Self.frameLength)) }
    let energy = hann.reduce(0) { $0 + $1 * $1 }
    window = hann.map { Float($0) }
    scale = Float(1 / energy)
    let padded = hann + [Double](repeating: 0, count: Kernels.transform - hann.count)
    expected = (0..<Self.lags.upperBound).map { lag in
      let sum = padded.indices.reduce(0) { $0 + padded[$1] * padded[($1 + lag) % padded.count] }
      return Float(sum / energy)
    }
  }
}

/// cos of a fraction of a full turn.
func cosine(_ turns: Double) -> Double { cos(2 * .pi * turns) }

private let binWidth = Double(SoundTables.rate) / Double(Kernels.transform)

/// [64][257] triangles on the Slaney mel scale, 0 to 8000 Hz, each of area one bin: a flat spectrum gives about 1.
private func melFilters() -> [[Double]] {
  let filters = MelFilters(scale: .slaney, norm: .area, count: SoundTables.bands, range: 0...8000)
  return filters.matrix(size: Kernels.transform, rate: SoundTables.rate).map { $0.map { $0 * binWidth } }
}

/// [12][257]: bins 4…112 (125 to 3500 Hz) shared between their two nearest pitch classes; class 0 is A (440 Hz).
private func chromaFilters() -> [[Double]] {
  var bank = [[Double]](repeating: [Double](repeating: 0, count: Kernels.bins), count: 12)
  for bin in 4...112 {
    let semitones = 12 * log2(Double(bin) * binWidth / 440)
    let lower = semitones.rounded(.down)
    let part = semitones - lower
    let place = (Int(lower) % 12 + 12) % 12
    bank[place][bin] += 1 - part
    bank[(place + 1) % 12][bin] += part
  }
  return bank
}
