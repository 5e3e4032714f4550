import Glibc
import Linear
import Testing

@testable import Encode

/// Spectra and mel bands against plain ones in double precision.
@Suite struct FourierTests {
  @Test(arguments: [(512, 400), (400, 400), (1024, 1024), (50, 50), (250, 200), (2, 2), (10, 7)])
  func `spectra equal the plain transform at every size`(size: Int, length: Int) {
    let fourier = Fourier(size: size), hop = 3, frames = 13
    let samples = Signals.chord(hop * frames + length)
    let window = (0..<length).map { Float(1 + $0 % 3) / 3 }
    var work = [Float](repeating: 0, count: size * Kernels.lanes)
    var power = [Float](repeating: 0, count: fourier.bins * Kernels.lanes)
    Kernels.spectra(
      samples, from: 1, hop: hop, frames: frames, window: window, fourier: fourier, scale: 1, work: &work, power: &power
    )
    let loudest = Double(power.max() ?? 0)
    for frame in [0, 7, 8, 12] {
      for bin in 0..<fourier.bins {
        let frameSamples = (0..<length).map { Double(samples[1 + hop * frame + $0] * window[$0]) }
        let plain = plainPower(frameSamples, bin, size)
        #expect(abs(Double(power[bin * Kernels.lanes + frame]) - plain) < 2e-6 * loudest, "\(frame) \(bin)")
      }
    }
  }

  private func plainPower(_ samples: [Double], _ bin: Int, _ size: Int) -> Double {
    var (real, imaginary) = (0.0, 0.0)
    for (n, sample) in samples.enumerated() {
      let turn = 2 * Double.pi * Double(n * bin % size) / Double(size)
      real += sample * cos(turn)
      imaginary -= sample * sin(turn)
    }
    return real * real + imaginary * imaginary
  }

  @Test func `only even products of twos and fives are transformed`() {
    #expect([2, 10, 400, 512, 1024, 1 << 16].allSatisfy { Fourier.isPossible($0) })
    #expect(![0, -2, 1, 5, 25, 6, 480, 1 << 17, .max, .min].contains { Fourier.isPossible($0) })
  }

  @Test(arguments: [MelScale.htk, .kaldi, .slaney])
  func `mel scales lead back`(scale: MelScale) {
    for hertz in [0.0, 20, 999, 1000, 1001, 8000, 14000] {
      #expect(abs(scale.hertz(mel: scale.mel(hertz: hertz)) - hertz) < 1e-9 * (1 + hertz))
    }
    #expect(abs(scale.mel(hertz: 1000) - (scale == .slaney ? 15 : 1000)) < 0.1)
  }

  @Test func `filters of equal area have equal sums, the others peaks of one`() {
    let width = 16000.0 / 4096
    let equal = MelFilters(scale: .slaney, norm: .area, count: 20, range: 0...8000).matrix(size: 4096, rate: 16000)
    #expect(equal.allSatisfy { abs($0.reduce(0, +) * width - 1) < 0.02 })
    let peaked = MelFilters(scale: .htk, norm: .none, count: 20, range: 0...8000).matrix(size: 4096, rate: 16000)
    #expect(peaked.allSatisfy { abs($0.max()! - 1) < 0.1 })
  }

  @Test func `a frame at the edge of sound hears it mirrored`() throws {
    let filters = MelFilters(scale: .htk, norm: .none, count: 4, range: 0...4000)
    let recipe = LogMel(
      .centred, rate: 8000, hop: 8, window: LogMel.hann(periodic: 16), size: 16, filters: filters, floor: 1e-10,
      scale: 1)
    let sound = Signals.chord(64)
    let mirrored = Array(sound[1...8].reversed()) + sound
    let engine = try Engine(.openblas, threads: 2)
    var (edge, inside) = (LogMelRunner(recipe, engine), LogMelRunner(recipe, engine))
    var (first, second) = (Matrix(rows: 1, columns: 4), Matrix(rows: 2, columns: 4))
    edge.apply(sound, frames: 1, to: &first, at: 0)
    inside.apply(mirrored, frames: 2, to: &second, at: 0)
    #expect(Array(first.row(0)) == Array(second.row(1)))
    #expect(recipe.frames(samples: 64) == 9)
  }
}
