/// How pixels between pixels are weighed.
package enum ResizeFilter: Sendable {
  case bilinear
  /// Keys' cubic with a = −0.5.
  case bicubic

  /// How far it reaches at full size, in pixels.
  var support: Double {
    switch self {
    case .bilinear: 1
    case .bicubic: 2
    }
  }

  func weight(_ offset: Double) -> Double {
    let x = offset.magnitude, a = -0.5
    return switch self {
    case .bilinear: max(0, 1 - x)
    case .bicubic where x < 1: ((a + 2) * x - (a + 3)) * x * x + 1
    case .bicubic where x < 2: (((x - 5) * x + 8) * x - 4) * a
    case .bicubic: 0
    }
  }
}

/// Whose whole numbers the weights are rounded to. The two differ by at most one grey level, in about 1 % of samples.
package enum ResizeRounding: Sendable {
  /// 22 bits.
  case pillow
  /// As many bits, up to 22, as leave the greatest weight in 16.
  case torchvision
}

/// The weights of the pixels along one axis, for some of its outputs: the recipe of Pillow's `Resample.c` and of
/// torch's `UpSampleKernel.cpp` for 8-bit samples with antialiasing.
struct ResizeAxis: Sendable {
  /// Pixels that each output weighs.
  let taps: Int
  /// The first pixel that each output weighs.
  private(set) var starts: [Int32] = []
  /// [outputs][taps], times 2^shift.
  private(set) var weights: [Int32] = []
  let shift: Int

  var outputs: Int { starts.count }
  /// The pixels that some output weighs.
  var reach: Range<Int> { Int(starts.min() ?? 0)..<Int(starts.max() ?? 0) + taps }

  /// - Parameters:
  ///   - size: pixels before, to as many `outputs` after.
  ///   - window: the outputs that are wanted.
  ///   - granule: taps are made a multiple of it where there are so many pixels, by weights of zero.
  init(
    size: Int, outputs: Int, window: Range<Int>, granule: Int, filter: ResizeFilter, rounding: ResizeRounding
  ) {
    precondition(size >= 1 && window.lowerBound >= 0 && window.upperBound <= outputs && !window.isEmpty)
    guard size != outputs else {
      (taps, shift) = (1, 1)
      starts = window.map { Int32($0) }
      weights = [Int32](repeating: 2, count: window.count)
      return
    }
    let kernel = ResizeKernel(size: size, outputs: outputs, filter: filter)
    shift =
      switch rounding {
      case .pillow: 22
      case .torchvision: Self.shift(greatest: kernel.greatestWeight(outputs))
      }
    let rows = window.map { kernel.row($0) }
    let most = rows.map(\.weights.count).max() ?? 1
    let taps = min(size, (most + granule - 1) / granule * granule)
    self.taps = taps
    for row in rows {
      // All read the same number of pixels: zeros follow the weights, or lead to them at the border.
      let start = min(row.start, size - taps)
      starts.append(Int32(start))
      let quantised = row.weights.map { Self.quantised($0, shift) }
      weights += [Int32](repeating: 0, count: row.start - start) + quantised
      weights += [Int32](repeating: 0, count: taps - quantised.count - (row.start - start))
    }
  }

  private static func quantised(_ weight: Double, _ shift: Int) -> Int32 {
    Int32(weight * Double(1 << shift) + (weight < 0 ? -0.5 : 0.5))
  }

  private static func shift(greatest: Double) -> Int {
    (1...22).last { Int(0.5 + greatest * Double(1 << $0)) < 1 << 15 } ?? 0
  }
}

/// The same weights before rounding.
struct ResizeKernel {
  private let size: Int
  private let scale: Double
  private let filterScale: Double
  private let filter: ResizeFilter

  init(size: Int, outputs: Int, filter: ResizeFilter) {
    self.size = size
    self.filter = filter
    scale = Double(size) / Double(outputs)
    filterScale = max(scale, 1)
  }

  /// The weights of an output, of sum 1, and the pixel of the first.
  func row(_ output: Int) -> (start: Int, weights: [Double]) {
    let pixels = pixels(output)
    var weights = pixels.map { weight($0, output) }
    let sum = weights.reduce(0, +)
    for index in weights.indices { weights[index] /= sum }
    return (pixels.lowerBound, weights)
  }

  /// Over all outputs, also those that are not wanted.
  func greatestWeight(_ outputs: Int) -> Double {
    var greatest = 0.0
    for output in 0..<outputs {
      var sum = 0.0, own = 0.0
      for pixel in pixels(output) {
        let weight = weight(pixel, output)
        sum += weight
        own = max(own, weight)
      }
      greatest = max(greatest, own / sum)
    }
    return greatest
  }

  private func centre(_ output: Int) -> Double { (Double(output) + 0.5) * scale }

  private func pixels(_ output: Int) -> Range<Int> {
    let support = filter.support * filterScale, centre = centre(output)
    return max(0, Int(centre - support + 0.5))..<min(size, Int(centre + support + 0.5))
  }

  private func weight(_ pixel: Int, _ output: Int) -> Double {
    filter.weight((Double(pixel) - centre(output) + 0.5) * (1 / filterScale))
  }
}
