/// All that a sound encoder may see for the steps of one hop.
package struct SoundChunk: Sendable, Equatable {
  /// Number of the chunk in its epoch.
  package var index: Int64
  /// [receptive]: from `lookback` before the hop to `lookahead` after it; zero where there is no content.
  package var samples: [Float]
  /// Where `samples` holds content: ascending, disjoint, not empty.
  package var content: [Range<Int>]
  /// The hop's own stretch within `samples`.
  package var body: Range<Int>

  package init(index: Int64, samples: [Float], content: [Range<Int>], body: Range<Int>) {
    self.index = index
    self.samples = samples
    self.content = content
    self.body = body
  }

  /// How many samples of `range` are content.
  package func covered(_ range: Range<Int>) -> Int {
    content.reduce(0) { $0 + $1.clamped(to: range).count }
  }

  /// Fraction of one of `parts` equal parts that is content, 0…1.
  func valid(part: Int, of parts: Int) -> Float {
    let length = body.count / parts
    let start = body.lowerBound + part * length
    return Float(covered(start..<start + length)) / Float(length)
  }

  /// Mean square of the hop's content (full scale = 1).
  package var meanPower: Float {
    var sum = 0.0
    for range in content {
      for sample in samples[range.clamped(to: body)] { sum += Double(sample) * Double(sample) }
    }
    return Float(sum / Double(max(1, covered(body))))
  }
}
