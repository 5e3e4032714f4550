import Decode
import Media
import Timeline

/// Brings one track's sound to the encoder's rate, every unbroken run once. Output sample m stands exactly at
/// `m / rate` of the epoch: a run begins on a common multiple of both grids, padded with the silence before it.
final class RunResampler {
  private let rate: Int
  private var run: Run?

  /// A run under way.
  private struct Run {
    let resampler: Resampler?
    let slot: Slot
    let epoch: Int32
    let sourceRate: Int
    /// Next sample expected, on the source's grid.
    var nextInput: Int64
    /// Number of the next sample that comes out, on the output grid, and of the first that counts.
    var nextOutput: Int64
    let firstOutput: Int64
  }

  init(to rate: Int) { self.rate = rate }

  /// Instant up to which everything has come out.
  var position: Instant? {
    guard run != nil else { return nil }
    return Instant(index: max(run!.nextOutput, run!.firstOutput), rate: Ratio(Int64(rate)))
  }

  /// Where the run ends so far.
  var end: Instant? { run.map { Instant(index: $0.nextInput, rate: Ratio(Int64($0.sourceRate))) } }

  func accept(_ sound: TimedSound) throws(FFmpegError) -> [AudioRun] {
    var runs: [AudioRun] = []
    if run != nil, !continues(sound) { runs = try finish() }
    if run == nil { try start(sound) }
    let samples = try run!.resampler?.convert(sound.samples) ?? sound.samples
    run!.nextInput += Int64(sound.samples.count)
    return runs + take(samples, until: .max / 2)
  }

  /// The run is over: its tail, up to its last sample.
  func finish() throws(FFmpegError) -> [AudioRun] {
    guard run != nil else { return [] }
    let end = scale(run!.nextInput, by: Int64(rate), over: Int64(run!.sourceRate), .up)
    var samples: [Float] = []
    if let resampler = run!.resampler {
      samples = try resampler.convert([Float](repeating: 0, count: Int(silence(run!.sourceRate)))) + resampler.finish()
    }
    let runs = take(samples, until: end)
    run = nil
    return runs
  }

  /// Longer than the filter: swresample mirrors what stands at the edges.
  private func silence(_ sourceRate: Int) -> Int64 { 64 * Int64(max(1, sourceRate / rate + 1)) }

  private func continues(_ sound: TimedSound) -> Bool {
    run!.sourceRate == sound.rate && run!.epoch == sound.epoch && run!.nextInput == sound.firstSample
  }

  private func start(_ sound: TimedSound) throws(FFmpegError) {
    let (period, outputPeriod) = commonPeriods(sound.rate, rate)
    let periods = scale(sound.firstSample - silence(sound.rate), by: 1, over: period, .down)
    let resampler = sound.rate == rate ? nil : try Resampler.open(from: sound.rate, to: rate)
    let lead = sound.firstSample - periods * period
    let first = scale(sound.firstSample, by: Int64(rate), over: Int64(sound.rate), .up)
    var next = sound.rate == rate ? sound.firstSample : periods * outputPeriod
    if let resampler, lead > 0 {
      next += Int64(try resampler.convert([Float](repeating: 0, count: Int(lead))).count)
    }
    run = Run(
      resampler: resampler, slot: sound.slot, epoch: sound.epoch, sourceRate: sound.rate,
      nextInput: sound.firstSample, nextOutput: next, firstOutput: first)
  }

  private func take(_ samples: [Float], until end: Int64) -> [AudioRun] {
    let begin = run!.nextOutput
    run!.nextOutput += Int64(samples.count)
    let dropped = min(max(0, run!.firstOutput - begin), Int64(samples.count))
    let kept = samples.dropFirst(Int(dropped)).prefix(Int(max(0, min(end - begin - dropped, Int64(samples.count)))))
    guard !kept.isEmpty else { return [] }
    return [
      AudioRun(slot: run!.slot, epoch: run!.epoch, firstSample: begin + dropped, rate: rate, samples: Array(kept))
    ]
  }
}

/// After how many samples of each rate their grids meet.
private func commonPeriods(_ from: Int, _ to: Int) -> (Int64, Int64) {
  var (a, b) = (from, to)
  while b != 0 { (a, b) = (b, a % b) }
  return (Int64(from / a), Int64(to / a))
}
