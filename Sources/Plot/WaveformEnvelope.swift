package import Media

/// The lowest and highest sample of every bin of a track's sound, over a source of any length: the bins are as fine
/// as a sample at first and double whenever there are more than `capacity`.
package struct WaveformEnvelope: Sendable {
  package struct Range: Hashable, Sendable {
    package var lowest: Float
    package var highest: Float
  }

  /// Bins with sound, in order; stretches without have none.
  package var ranges: [(start: TimeSpan, end: TimeSpan, range: Range)] {
    bins.bins.map { bin in
      let start = bins.start(of: bin)
      return (start, start + bins.width, bin.value)
    }
  }

  /// The largest magnitude; 0 without sound.
  package var peak: Float {
    bins.bins.reduce(0) { max($0, -$1.value.lowest, $1.value.highest) }
  }

  private var bins: TimeBins<Range>

  package init(capacity: Int = 4096) {
    let finest = TimeSpan(flicks: TimeSpan.flicksPerSecond / 48_000)
    bins = TimeBins(capacity: capacity, width: finest) { earlier, later in
      earlier.lowest = min(earlier.lowest, later.lowest)
      earlier.highest = max(earlier.highest, later.highest)
    }
  }

  /// A sample belongs to every bin in which it is heard: it lasts 1/rate seconds. Samples that are no number and
  /// what lies before the epoch's zero are passed over.
  package mutating func add(_ run: AudioRun, epochStart: TimeSpan) {
    guard run.rate > 0 else { return }
    let grid = SampleGrid(run, epochStart: epochStart)
    var cursor = max(grid.start, .zero)
    while cursor < grid.end {
      let end = min(bins.end(at: cursor), grid.end)
      if let range = Self.range(run.samples[grid.samples(heardFrom: cursor, to: end)]) { bins.add(range, at: cursor) }
      cursor = end
    }
  }

  private static func range(_ samples: ArraySlice<Float>) -> Range? {
    var lowest = Float.infinity
    var highest = -Float.infinity
    for sample in samples {
      if sample < lowest { lowest = sample }
      if sample > highest { highest = sample }
    }
    return lowest <= highest ? Range(lowest: lowest, highest: highest) : nil
  }
}

/// Where in the source the samples of a run are heard.
private struct SampleGrid {
  let epochStart: TimeSpan
  let first: Int64
  let count: Int
  let rate: Ratio
  let start: TimeSpan
  let end: TimeSpan

  init(_ run: AudioRun, epochStart: TimeSpan) {
    let bound: Int64 = 1 << 60
    self.epochStart = epochStart.drawable
    first = min(max(run.firstSample, -bound), bound)
    count = run.samples.count
    rate = Ratio(Int64(run.rate))
    start = .position(Instant(index: first, rate: rate), epochStart: epochStart)
    end = .position(Instant(index: first + Int64(count), rate: rate), epochStart: epochStart)
  }

  /// The run's samples that sound somewhere in `[from, to)`.
  func samples(heardFrom from: TimeSpan, to: TimeSpan) -> Range<Int> {
    let low = scale((from - epochStart).flicks, by: rate.numerator, over: TimeSpan.flicksPerSecond, .down) - first
    let high = scale((to - epochStart).flicks, by: rate.numerator, over: TimeSpan.flicksPerSecond, .up) - first
    let begin = Int(min(max(low, 0), Int64(count)))
    return begin..<max(begin, Int(min(high, Int64(count))))
  }
}
