/// All that a sound encoder may see for one step.
package struct SoundChunk: Sendable, Equatable {
  /// Number of the step in its epoch.
  package var index: Int64
  /// [receptive]: from `lookback` before the step to `lookahead` after it; zero where there is no content.
  package var samples: [Float]
  /// Where `samples` holds content: ascending, disjoint, not empty.
  package var content: [Range<Int>]
  /// The step's own stretch within `samples`.
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

  /// Fraction of the step that is content, 0…1.
  package var valid: Float { Float(covered(body)) / Float(body.count) }

  /// Mean square of the step's content (full scale = 1).
  package var meanPower: Float {
    var sum = 0.0
    for range in content {
      for sample in samples[range.clamped(to: body)] { sum += Double(sample) * Double(sample) }
    }
    return Float(sum / Double(max(1, covered(body))))
  }
}
