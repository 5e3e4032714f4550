import Testing

@testable import Linear

@Suite struct AttentionTests {
  /// Compares one call, head by head, with the plain mathematics.
  private func compare(
    _ attention: Attention, _ sequences: Sequences, onlyFirst: Bool = false, bias: ScoreBias? = nil,
    kinds: [Int32] = [], threads: Int = 2
  ) throws {
    let (heads, keyHeads, width) = (attention.heads, attention.keyHeads, attention.width)
    var noise = Noise(UInt64(sequences.rows + width))
    let qkv = noise.matrix(sequences.rows, (heads + 2 * keyHeads) * width, scale: 2)
    var output = Matrix()
    try attention.apply(
      qkv: qkv, sequences, onlyFirst: onlyFirst, bias: bias, kinds: kinds, to: &output, engine: Engine(threads: threads)
    )
    #expect(output.rows == (onlyFirst ? sequences.count : sequences.rows))
    for sequence in 0..<sequences.count {
      let rows = sequences[sequence]
      for head in 0..<heads {
        let keyHead = head / (heads / keyHeads)
        let plain = Plain.attention(
          qkv.doubles(onlyFirst ? rows.prefix(1) : rows, head * width..<(head + 1) * width),
          qkv.doubles(rows, (heads + keyHead) * width..<(heads + keyHead + 1) * width),
          qkv.doubles(rows, (heads + keyHeads + keyHead) * width..<(heads + keyHeads + keyHead + 1) * width),
          scale: Double(attention.scale), limit: Double(attention.limit)
        ) { query, key in
          guard let bias else { return 0 }
          let kind = kinds.isEmpty ? 0 : Int(kinds[sequence])
          return Double(bias.values[bias.start(kind: kind, head: head) + query * bias.tokens + key])
        }
        for (row, expected) in plain.enumerated() {
          let at = onlyFirst ? sequence : rows.lowerBound + row
          for (column, value) in expected.enumerated() {
            #expect(abs(Double(output[at, head * width + column]) - value) < 3e-5)
          }
        }
      }
    }
  }

  @Test(arguments: [(50, 12, 64), (64, 4, 24), (197, 2, 64), (1, 3, 8), (17, 1, 5), (331, 2, 128)])
  func everyRowEqualsThePlainMathematics(_ tokens: Int, _ heads: Int, _ width: Int) throws {
    try compare(Attention(heads: heads, width: width), Sequences(count: 2, length: tokens))
  }

  @Test func sequencesOfDifferentLengthsDoNotSeeEachOther() throws {
    try compare(Attention(heads: 2, width: 16), Sequences(lengths: [5, 1, 77, 49]), threads: 1)
  }

  @Test func theClassTokenAloneCanAsk() throws {
    try compare(Attention(heads: 4, width: 32), Sequences(count: 3, length: 50), onlyFirst: true)
  }

  @Test func groupsOfHeadsShareKeys() throws {
    try compare(Attention(heads: 4, keyHeads: 2, width: 32, scale: 1), Sequences(count: 2, length: 20))
  }

  @Test func scoresCanBeCapped() throws {
    try compare(Attention(heads: 2, width: 16, scale: 3, limit: 5), Sequences(count: 1, length: 33))
  }

  @Test func aCausalMaskServesShorterSequencesToo() throws {
    try compare(Attention(heads: 2, width: 64), Sequences(lengths: [77, 9]), bias: .causal(tokens: 77))
  }

  @Test func everyHeadAndKindHasItsTable() throws {
    var noise = Noise(4)
    let bias = ScoreBias(kinds: 3, heads: 4, tokens: 64, values: noise.values(3 * 4 * 64 * 64, scale: 4))
    try compare(
      Attention(heads: 4, width: 24), Sequences(count: 5, length: 64), bias: bias, kinds: [0, 2, 1, 2, 0])
  }

  @Test func aQueryThatSeesNothingGetsZeros() throws {
    let bias = ScoreBias(tokens: 18) { query, _ in query != 3 }
    try compare(Attention(heads: 1, width: 16), Sequences(count: 1, length: 18), bias: bias)
  }

  @Test func aProbeAsksEverySequence() throws {
    var noise = Noise(9)
    let probe = noise.matrix(2, 32), keys = noise.matrix(90, 32), values = noise.matrix(90, 40)
    let sequences = Sequences(lengths: [40, 50])
    var output = Matrix()
    try Attention(heads: 4, width: 8).apply(
      .shared(.init(probe)), keys: .init(keys), values: .init(values, from: 8), sequences, to: &output,
      engine: Engine())
    for (sequence, head, row) in [(0, 0, 0), (1, 3, 1), (1, 2, 0)] {
      let columns = head * 8..<head * 8 + 8
      let plain = Plain.attention(
        probe.doubles(row..<row + 1, columns), keys.doubles(sequences[sequence], columns),
        values.doubles(sequences[sequence], head * 8 + 8..<head * 8 + 16), scale: 1 / 8.0.squareRoot())
      for (n, value) in plain[0].enumerated() {
        #expect(abs(Double(output[sequence * 2 + row, head * 8 + n]) - value) < 1e-5)
      }
    }
  }

  @Test func aNaNInOneHeadStaysInItsHeadAndSequence() throws {
    var noise = Noise(3)
    var qkv = noise.matrix(20, 3 * 32)
    qkv[4, 32 + 20] = .nan  // a key of the second head, first sequence
    var output = Matrix()
    try Attention(heads: 2, width: 16).apply(qkv: qkv, Sequences(count: 2, length: 10), to: &output, engine: Engine())
    for row in 0..<20 {
      for column in 0..<32 { #expect(output[row, column].isNaN == (row < 10 && column >= 16)) }
    }
  }
}
