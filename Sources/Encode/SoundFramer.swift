import Media

/// Cuts the sound of one track of one epoch into the chunks that its encoder wants, each exactly once, in order.
///
/// A chunk is ready when nothing more can come inside its receptive field. Steps without any content do not exist.
/// Chunks overlap, so that all that a run completes may be far more than the run: they are cut a few at a time.
/// Once those are taken, no more is held than the receptive field of the next step, whatever the gaps and however the
/// runs are cut.
struct SoundFramer {
  let needs: SoundNeeds
  /// The next step to be cut.
  private var next: Int64 = 0
  /// Samples from number `base` on, with zeros in gaps.
  private var samples: [Float] = []
  private var base: Int64 = 0
  /// Where content lies at or after `base`, in sample numbers: ascending, disjoint.
  private var content: [Range<Int64>] = []

  init(_ needs: SoundNeeds) { self.needs = needs }

  /// Throws `SeamError` for another rate, and for a run that overlaps or precedes what came before.
  func check(_ run: AudioRun) throws(SeamError) {
    guard run.rate == needs.rate else { throw .rate(run.rate, wanted: needs.rate) }
    guard run.firstSample >= end, run.firstSample < Int64.max / 2 else {
      throw .order(firstSample: run.firstSample, expected: end)
    }
  }

  /// Takes a run that has been checked. What is ready before it is cut first: else a long gap is held in zeros.
  mutating func append(_ run: AudioRun) {
    guard !run.samples.isEmpty else { return }
    samples.append(contentsOf: repeatElement(0, count: Int(run.firstSample - end)))
    samples.append(contentsOf: run.samples)
    if let last = content.last, last.upperBound == run.firstSample {
      content[content.count - 1] = last.lowerBound..<end
    } else {
      content.append(run.firstSample..<end)
    }
  }

  /// The next chunks whose receptive fields end at or before sample `known`, at most `count`; none when all are cut.
  /// - Parameter known: nothing before this sample is still to come.
  mutating func cut(_ count: Int, knowing known: Int64) -> [SoundChunk] {
    let limit = max(next, (max(known, end) - Int64(needs.lookahead)) / hop)
    var chunks: [SoundChunk] = []
    // Leaps over empty steps.
    while next < limit, let range = content.first(where: { $0.upperBound > next * hop }) {
      if range.lowerBound >= (next + 1) * hop {
        next = min(limit, range.lowerBound / hop)
      } else if chunks.count == count {
        return chunks
      } else {
        chunks.append(chunk(next))
        next += 1
      }
    }
    next = limit
    forget(before: next * hop - Int64(needs.lookback))
    return chunks
  }

  /// What is known when the track is over, and what is still missing is silence without content.
  var whole: Int64 {
    guard let last = content.last?.upperBound else { return end }
    return (last + hop - 1) / hop * hop + Int64(needs.lookahead)
  }

  /// Sample number before which every step has been cut: no later step begins earlier.
  var complete: Int64 { next * hop }

  /// How many samples are held.
  var held: Int { samples.count }

  private var hop: Int64 { Int64(needs.hop) }
  /// Number of the sample after the last one held.
  var end: Int64 { base + Int64(samples.count) }
}

extension SoundFramer {
  private func chunk(_ index: Int64) -> SoundChunk {
    let start = index * hop - Int64(needs.lookback)
    let field = start..<start + Int64(needs.receptive)
    let held = (base..<end).clamped(to: field)
    var cut = [Float](repeating: 0, count: Int(held.lowerBound - start))
    cut += samples[Int(held.lowerBound - base)..<Int(held.upperBound - base)]
    cut += repeatElement(0, count: needs.receptive - cut.count)
    let inside = content.map { $0.clamped(to: field) }.filter { !$0.isEmpty }
    return SoundChunk(
      index: index, samples: cut,
      content: inside.map { Int($0.lowerBound - start)..<Int($0.upperBound - start) },
      body: needs.lookback..<needs.lookback + needs.hop)
  }

  private mutating func forget(before sample: Int64) {
    guard sample > base else { return }
    samples.removeFirst(Int(min(sample - base, Int64(samples.count))))
    base = sample
    content.removeAll { $0.upperBound <= sample }
  }
}
