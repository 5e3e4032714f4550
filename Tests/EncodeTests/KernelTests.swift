import Glibc
import Media
import Testing

@testable import Encode

/// The fast loops against plain ones in double precision.
@Suite struct KernelTests {
  @Test func logarithmIsAccurateOverItsRange() {
    let values = (0..<4000).map { Float(exp2(Double($0) / 100 - 20)) }
    var out = values
    Kernels.log1p(values, scale: 1, out: &out)
    for (value, result) in zip(values, out) {
      #expect(abs(Double(result) - log(1 + Double(value))) < 2e-6)
    }
    var zero: [Float] = [1]
    Kernels.log1p([0], scale: 1e6, out: &zero)
    #expect(zero == [0])
  }

  /// At every place of a vector register.
  @Test(arguments: [Float.nan, -.nan, .infinity])
  func theLogarithmOfWhatIsNoNumberIsNone(_ odd: Float) {
    let lanes = Kernels.lanes
    for place in 0..<lanes {
      var rows = [Float](repeating: 2, count: lanes), out = rows
      rows[place] = odd
      Kernels.logarithms(rows, floor: 1e-10, scales: [0.5], shifts: [1], out: &out)
      #expect(out.indices.allSatisfy { out[$0].isFinite == ($0 != place) })
      Kernels.log1p(rows, scale: 3, out: &out)
      #expect(out.indices.allSatisfy { out[$0].isFinite == ($0 != place) })
    }
  }

  @Test func spectraEqualThePlainTransform() {
    let tables = SoundTables()
    let samples = Signals.chord(2000)
    var work = [Float](repeating: 0, count: Kernels.transform * Kernels.lanes)
    var power = [Float](repeating: 0, count: Kernels.bins * Kernels.lanes)
    Kernels.spectra(
      samples, hop: 160, frames: 11, window: tables.window, fourier: tables.fourier, scale: tables.scale,
      work: &work, power: &power)
    for (frame, bin) in [(0, 0), (3, 1), (7, 14), (8, 14), (10, 100), (5, 256)] {
      let plain = plainPower(samples[(160 * frame)...], bin: bin)
      #expect(abs(Double(power[bin * Kernels.lanes + frame]) - plain) < 1e-6 * (1 + plain))
    }
    #expect(power[14 * Kernels.lanes + 11] == 0)
  }

  private func plainPower(_ samples: ArraySlice<Float>, bin: Int) -> Double {
    var (real, imaginary) = (0.0, 0.0)
    for n in 0..<400 {
      let value = Double(samples[samples.startIndex + n]) * (0.5 - 0.5 * cos(2 * .pi * Double(n) / 400))
      real += value * cos(2 * .pi * Double(n * bin) / 512)
      imaginary -= value * sin(2 * .pi * Double(n * bin) / 512)
    }
    return (real * real + imaginary * imaginary) / 150
  }

  @Test(arguments: [(128, 128), (256, 384), (176, 144), (1280, 720), (50, 37), (129, 127), (1, 1), (300, 1)])
  func shrinkingIsTheExactAreaMean(_ width: Int, _ height: Int) {
    let image = Signals.painting(width, height, shift: 1, seed: 11)
    var sums: [UInt32] = []
    var planes = [UInt16](repeating: 0, count: 3 * Kernels.area)
    Kernels.shrink(image.pixels, width: width, height: height, sums: &sums, planes: &planes)
    for place in [0, 127, 128 * 64 + 63, 128 * 77 + 5, Kernels.area - 1] {
      for channel in 0..<3 {
        let plain = plainMean(image.pixels, width, height, x: place % 128, y: place / 128, channel: channel)
        #expect(Int(planes[Kernels.area * channel + place]) == plain)
      }
    }
  }

  /// In whole numbers: pixels are 128 units wide, an output is `width` units.
  private func plainMean(_ pixels: [UInt8], _ width: Int, _ height: Int, x: Int, y: Int, channel: Int) -> Int {
    func shares(_ i: Int, _ size: Int) -> [(Int, Int)] {
      (0..<size).map { ($0, min((i + 1) * size, ($0 + 1) * 128) - max(i * size, $0 * 128)) }.filter { $0.1 > 0 }
    }
    var sum = 0
    for (row, tall) in shares(y, height) {
      for (column, wide) in shares(x, width) { sum += tall * wide * Int(pixels[3 * (row * width + column) + channel]) }
    }
    return (2 * 16 * sum + width * height) / (2 * width * height)
  }
}
