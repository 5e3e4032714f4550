import Media
import Testing

@testable import Intake
@testable import Timeline

private let rates = [48_000, 44_100, 44_101, 16_000, 8000]

private func timed(_ samples: [Float], at first: Int64, rate: Int, epoch: Int32 = 0) -> TimedSound {
  TimedSound(slot: Slot(.audio), epoch: epoch, firstSample: first, rate: rate, samples: samples)
}

private func noise(_ count: Int) -> [Float] { (0..<count).map { Float(($0 * 7919) % 1000) / 1000 - 0.5 } }

/// Output samples by their number.
private func numbered(_ runs: [AudioRun]) -> [Int64: Float] {
  var samples: [Int64: Float] = [:]
  for run in runs { for (n, sample) in run.samples.enumerated() { samples[run.firstSample + Int64(n)] = sample } }
  return samples
}

private func resampled(_ sounds: [TimedSound]) throws -> [AudioRun] {
  let resampler = RunResampler(to: 16_000)
  var runs: [AudioRun] = []
  for sound in sounds { runs += try resampler.accept(sound) }
  return try runs + resampler.finish()
}

@Suite struct RunResamplerTests {
  @Test(arguments: rates, [0, 1, 2, 3, 7, 4409, 44_100, 88_203, 1_000_001] as [Int64])
  func aRunEqualsTheSameStretchOfOneFilledWithSilence(_ rate: Int, _ first: Int64) throws {
    let samples = noise(3000)
    let lead = Int(first % Int64(3 * rate))  // silence from a place where both grids meet
    let whole = numbered(
      try resampled([timed([Float](repeating: 0, count: lead) + samples, at: first - Int64(lead), rate: rate)]))
    let run = numbered(try resampled([timed(samples, at: first, rate: rate)]))
    #expect(!run.isEmpty)
    #expect(run.allSatisfy { number, sample in abs((whole[number] ?? 9) - sample) < 1e-6 })
  }

  @Test(arguments: rates, [0, 1, 2, 5, 4411] as [Int64])
  func outputCoversExactlyTheInstantsOfTheRun(_ rate: Int, _ first: Int64) throws {
    let count: Int64 = 5001
    let numbers = numbered(try resampled([timed(noise(Int(count)), at: first, rate: rate)])).keys.sorted()
    let ratio = Ratio(Int64(rate))
    let begin = Instant(index: first, rate: ratio).firstIndex(rate: Ratio(16_000))
    let end = Instant(index: first + count, rate: ratio).firstIndex(rate: Ratio(16_000))
    #expect(numbers == Array(begin..<end))
  }

  @Test(arguments: rates)
  func piecesOfOneRunGiveTheSameSamples(_ rate: Int) throws {
    let samples = noise(6000)
    let whole = numbered(try resampled([timed(samples, at: 11, rate: rate)]))
    let pieces = stride(from: 0, to: 6000, by: 1000).map {
      timed(Array(samples[$0..<$0 + 1000]), at: 11 + Int64($0), rate: rate)
    }
    #expect(numbered(try resampled(pieces)) == whole)
  }

  @Test(arguments: rates)
  func aHoleSplitsTheRunAndNothingRingsIntoIt(_ rate: Int) throws {
    let (one, two) = (timed(noise(2000), at: 0, rate: rate), timed(noise(2000), at: 9001, rate: rate))
    let together = try resampled([one, two])
    let apart = try resampled([one]) + resampled([two])
    #expect(numbered(together) == numbered(apart))
    let hole = Interval(one.interval.end, two.interval.start)
    for run in together {
      let ends = Interval(
        Instant(index: run.firstSample, rate: Ratio(16_000)),
        Instant(index: run.firstSample + Int64(run.samples.count) - 1, rate: Ratio(16_000)))
      #expect(ends.overlap(hole) == .zero)
    }
  }

  @Test func aNewEpochBeginsANewRun() throws {
    let runs = try resampled([
      timed(noise(3000), at: 0, rate: 48_000), timed(noise(3000), at: 3000, rate: 48_000, epoch: 1),
    ])
    #expect(Set(runs.map(\.epoch)) == [0, 1])
    let second = runs.filter { $0.epoch == 1 }
    #expect(second.first?.firstSample == 1000)
    #expect(second.reduce(0) { $0 + $1.samples.count } == 1000)
  }

  @Test func thePositionNeverPassesWhatHasComeOut() throws {
    let resampler = RunResampler(to: 16_000)
    #expect(resampler.position == nil)
    for piece: Int64 in 0..<5 {
      let runs = try resampler.accept(timed(noise(1000), at: 7 + piece * 1000, rate: 44_100))
      guard let last = runs.last else { continue }
      let end = Instant(index: last.firstSample + Int64(last.samples.count), rate: Ratio(16_000))
      #expect(resampler.position == end)
    }
    _ = try resampler.finish()
    #expect(resampler.position == nil)
  }
}
