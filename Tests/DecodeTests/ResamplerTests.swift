import Decode
import Testing

@Suite struct ResamplerTests {
  /// What becomes of `count` samples, given in pieces.
  private func resampled(_ samples: [Float], _ from: Int, _ to: Int, pieces: Int) throws -> [Float] {
    let resampler = try Resampler.open(from: from, to: to)
    var output: [Float] = []
    for start in stride(from: 0, to: samples.count, by: pieces) {
      output += try resampler.convert(Array(samples[start..<min(start + pieces, samples.count)]))
    }
    return try output + resampler.finish()
  }

  /// Centre of gravity of a pulse.
  private func centre(_ samples: [Float]) -> Double {
    var (moment, mass) = (0.0, 0.0)
    for (n, sample) in samples.enumerated() {
      moment += Double(n) * Double(sample)
      mass += Double(sample)
    }
    return moment / mass
  }

  @Test(arguments: [48_000, 44_100, 44_101, 22_050, 8000, 96_000], [4800, 4801, 5000, 6002])
  func anImpulseLandsWhereItsInstantSays(_ from: Int, _ place: Int) throws {
    var samples = [Float](repeating: 0, count: 12_000)
    samples[place] = 1
    let output = try resampled(samples, from, 16_000, pieces: 1024)
    let expected = Double(place) * 16_000 / Double(from)
    #expect(abs(centre(output) - expected) < 0.01)
    #expect(abs(output.indices.max { output[$0] < output[$1] }! - Int(expected.rounded())) <= 1)
  }

  /// To the bit where the ratio of the rates is small, else to the last bits of a float.
  @Test(arguments: [(48_000, 0), (44_100, 0), (8000, 0), (44_101, 1e-5)] as [(Int, Float)])
  func piecesOfAnySizeGiveTheSameSamples(_ from: Int, _ tolerance: Float) throws {
    let samples = (0..<9000).map { Float(($0 * 7919) % 1000) / 1000 - 0.5 }
    let whole = try resampled(samples, from, 16_000, pieces: samples.count)
    for size in [1, 7, 480, 1023, 1024] {
      let pieces = try resampled(samples, from, 16_000, pieces: size)
      #expect(pieces.count == whole.count)
      #expect(zip(pieces, whole).allSatisfy { abs($0 - $1) <= tolerance })
    }
  }
}
