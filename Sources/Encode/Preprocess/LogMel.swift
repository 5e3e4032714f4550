import Glibc
import Linear

/// A recipe for spectrograms: frames of sound, their power in mel bands, its logarithm. The tables are made in double
/// precision, the rest is done in single.
struct LogMel: Sendable {
  /// Where frames lie, and what is done to them before the window.
  enum Framing: Sendable {
    /// Frame i is centred on sample i · hop; beyond its ends the sound is mirrored.
    case centred
    /// Frame i begins at sample i · hop; it loses its mean and then `emphasis` times its sample before from each.
    case kaldi(emphasis: Float)
  }

  let framing: Framing
  /// Samples from frame to frame.
  let hop: Int
  /// [frame length]
  let window: [Float]
  let fourier: Fourier
  let filters: Kernels.Bands
  /// Smallest power whose logarithm is taken.
  let floor: Float
  /// [bands]: value = ln(power) · scale + shift
  var scales: [Float]
  var shifts: [Float]

  /// - Parameters:
  ///   - window: a Hann window of the frame's length.
  ///   - size: of the transform, ≥ the frame's length; see `Fourier.isPossible`.
  ///   - scale: what the natural logarithm is multiplied with.
  init(
    _ framing: Framing, rate: Int, hop: Int, window: [Double], size: Int, filters: MelFilters, floor: Float,
    scale: Double
  ) {
    precondition(hop >= 1 && !window.isEmpty && window.count <= size, "frames fit the transform")
    self.framing = framing
    self.hop = hop
    self.window = window.map { Float($0) }
    fourier = Fourier(size: size)
    self.filters = Kernels.Bands(filters.matrix(size: size, rate: rate))
    self.floor = floor
    scales = [Float](repeating: Float(scale), count: filters.count)
    shifts = [Float](repeating: 0, count: filters.count)
  }

  var bands: Int { scales.count }

  /// Frames of so many samples.
  func frames(samples: Int) -> Int {
    switch framing {
    case .centred: 1 + samples / hop
    case .kaldi: samples < window.count ? 0 : 1 + (samples - window.count) / hop
    }
  }

  /// ½ − ½cos, of period `count`.
  static func hann(periodic count: Int) -> [Double] { hann(count, period: count) }

  /// ½ − ½cos, zero at both ends.
  static func hann(symmetric count: Int) -> [Double] { hann(count, period: count - 1) }

  private static func hann(_ count: Int, period: Int) -> [Double] {
    (0..<count).map { 0.5 - 0.5 * cosine(Double($0) / Double(period)) }
  }
}

/// Runs a recipe; keeps its buffers. Threads share the frames.
struct LogMelRunner {
  private let recipe: LogMel
  private let engine: Engine
  /// The frames' samples: overlapping, or, where frames are changed, one frame after the other.
  private var samples: [Float] = []
  private var analysers: [FrameAnalyser] = []

  init(_ recipe: LogMel, _ engine: Engine) {
    self.recipe = recipe
    self.engine = engine
  }

  /// The first `count` frames of `sound` → rows of `out` [rows, bands] from `row` on.
  /// - Parameter sound: for centred frames longer than half a frame.
  mutating func apply(_ sound: [Float], frames count: Int, to out: inout Matrix, at row: Int) {
    precondition(count <= recipe.frames(samples: sound.count) && out.columns == recipe.bands, "frames of the sound")
    prepare(sound, count)
    let groups = (count + Kernels.lanes - 1) / Kernels.lanes
    engine.share(groups, among: &analysers, make: { [recipe] in FrameAnalyser(recipe) }) { [samples, step] own, range in
      let frames = range.lowerBound * Kernels.lanes..<min(count, range.upperBound * Kernels.lanes)
      own.apply(samples, step: step, frames: frames)
    }
    for analyser in analysers.prefix(groups) where !analyser.frames.isEmpty {
      out.copy(analyser.spectrogram, at: row + analyser.frames.lowerBound)
    }
  }

  /// From frame to frame in `samples`.
  private var step: Int {
    switch recipe.framing {
    case .centred: recipe.hop
    case .kaldi: recipe.window.count
    }
  }

  private mutating func prepare(_ sound: [Float], _ count: Int) {
    samples.removeAll(keepingCapacity: true)
    switch recipe.framing {
    case .centred: mirror(sound, by: recipe.window.count / 2)
    case .kaldi(let emphasis): for frame in 0..<count { emphasise(sound, frame, emphasis) }
    }
  }

  private mutating func mirror(_ sound: [Float], by reach: Int) {
    precondition(sound.count > reach, "sound longer than half a frame")
    samples.append(contentsOf: sound[1...reach].reversed())
    samples.append(contentsOf: sound)
    samples.append(contentsOf: sound[(sound.count - 1 - reach)..<(sound.count - 1)].reversed())
  }

  private mutating func emphasise(_ sound: [Float], _ frame: Int, _ emphasis: Float) {
    let length = recipe.window.count
    let own = sound[frame * recipe.hop..<frame * recipe.hop + length]
    let mean = own.reduce(0, +) / Float(length)
    var before = own[own.startIndex] - mean
    for sample in own {
      samples.append(sample - mean - emphasis * before)
      before = sample - mean
    }
  }
}

/// Frames that one thread analyses, `Kernels.lanes` at a time.
private struct FrameAnalyser {
  private let recipe: LogMel
  private var work: [Float]
  private var power: [Float]
  private var mel: [Float]
  private var logMel: [Float]
  /// Those of the last call.
  private(set) var frames = 0..<0
  /// [frames, bands]
  private(set) var spectrogram = Matrix()

  init(_ recipe: LogMel) {
    self.recipe = recipe
    work = Self.lanes(recipe.fourier.size)
    power = Self.lanes(recipe.fourier.bins)
    mel = Self.lanes(recipe.bands)
    logMel = mel
  }

  /// - Parameter step: from frame to frame in `samples`.
  mutating func apply(_ samples: [Float], step: Int, frames: Range<Int>) {
    self.frames = frames
    spectrogram.resize(rows: frames.count, columns: recipe.bands)
    for first in stride(from: frames.lowerBound, to: frames.upperBound, by: Kernels.lanes) {
      let count = min(Kernels.lanes, frames.upperBound - first)
      Kernels.spectra(
        samples, from: first * step, hop: step, frames: count, window: recipe.window, fourier: recipe.fourier,
        scale: 1, work: &work, power: &power)
      Kernels.sum(power, recipe.filters, out: &mel)
      Kernels.logarithms(mel, floor: recipe.floor, scales: recipe.scales, shifts: recipe.shifts, out: &logMel)
      for lane in 0..<count { copy(lane, to: first - frames.lowerBound + lane) }
    }
  }

  private mutating func copy(_ lane: Int, to row: Int) {
    spectrogram.withMutableRow(row) { [logMel, recipe] values in
      for band in 0..<recipe.bands { values[band] = logMel[band * Kernels.lanes + lane] }
    }
  }

  private static func lanes(_ rows: Int) -> [Float] { [Float](repeating: 0, count: rows * Kernels.lanes) }
}
