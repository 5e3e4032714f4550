import Linear

/// A clip's spectrogram as patches of a square picture: time stretched to a whole number of pieces, these laid one above
/// the other. Patches lie in the order of the first stage's windows; inside they are [time, band].
struct SpectrogramImage: Sendable {
  let mel: LogMel
  let frames: Int
  let shape: HTSATShape
  let stretch: TimeStretch
  /// The row of each patch, by raster index.
  let places: [Int32]

  init(_ shape: HTSATShape, frames: Int, mel: LogMel, grid: SwinGrid) {
    self.mel = mel
    self.frames = frames
    self.shape = shape
    stretch = TimeStretch(from: frames, to: shape.side * shape.folds)
    places = grid.inverse(shift: 0)
  }
}

/// Cubic interpolation along time, both ends kept (torch's bicubic with aligned corners, a = −0.75).
struct TimeStretch: Sendable {
  /// Four frames for each output, and their weights.
  let taps: [(frames: SIMD4<Int32>, weights: SIMD4<Float>)]

  init(from count: Int, to outputs: Int) {
    taps = (0..<outputs).map { output in
      let place = outputs > 1 ? Double(output) * Double(count - 1) / Double(outputs - 1) : 0
      let first = Int(place), part = place - Double(first)
      var tap = (frames: SIMD4<Int32>(), weights: SIMD4<Float>())
      for k in 0..<4 {
        tap.frames[k] = Int32(min(max(first + k - 1, 0), count - 1))
        tap.weights[k] = Float(Self.weight(abs(part - Double(k - 1))))
      }
      return tap
    }
  }

  private static func weight(_ x: Double) -> Double {
    let a = -0.75
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}

/// Makes the patches of a batch; keeps its buffers.
struct SpectrogramImageRunner {
  private let image: SpectrogramImage
  private var mel: LogMelRunner
  private var clip: [Float] = []
  private var spectrogram: Matrix
  /// One stretched line of it.
  private var line: [Float]

  init(_ image: SpectrogramImage, _ engine: Engine) {
    self.image = image
    mel = LogMelRunner(image.mel, engine)
    spectrogram = Matrix(rows: image.frames, columns: image.mel.bands)
    line = [Float](repeating: 0, count: image.mel.bands)
  }

  /// → patches: [count · patches, patch²]
  /// - Parameter clip: gives the samples of a clip, by its number.
  mutating func apply(count: Int, to patches: inout Matrix, clip fill: (Int, inout [Float]) -> Void) {
    let side = image.shape.patch
    patches.resize(rows: count * image.places.count, columns: side * side)
    for index in 0..<count {
      fill(index, &clip)
      mel.apply(clip, frames: image.frames, to: &spectrogram, at: 0)
      for time in image.stretch.taps.indices {
        stretch(time)
        scatter(time, to: &patches, from: index * image.places.count)
      }
    }
  }

  private mutating func stretch(_ time: Int) {
    let tap = image.stretch.taps[time]
    for k in 0..<4 {
      let weight = tap.weights[k]
      spectrogram.withRow(Int(tap.frames[k])) { row in
        if k == 0 {
          for band in line.indices { line[band] = weight * row[band] }
        } else {
          for band in line.indices { line[band] += weight * row[band] }
        }
      }
    }
  }

  /// Each run of `patch` bands of the line goes to a patch of its own.
  private func scatter(_ time: Int, to patches: inout Matrix, from first: Int) {
    let (side, patch) = (image.shape.side, image.shape.patch)
    let across = side / patch
    let (fold, x) = time.quotientAndRemainder(dividingBy: side)
    for band in stride(from: 0, to: line.count, by: patch) {
      let row = (fold * line.count + band) / patch
      patches.withMutableRow(first + Int(image.places[row * across + x / patch])) { pixels in
        for k in 0..<patch { pixels[x % patch * patch + k] = line[band + k] }
      }
    }
  }
}
