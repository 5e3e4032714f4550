/// SentencePiece's unigram model: of all ways to cut a text the one of highest score (Kudo 2018; sentencepiece,
/// unigram_model.cc: EncodeOptimized).
struct UnigramModel: TokenModel {
  let vocabulary: Vocabulary
  private let index: PrefixIndex
  private let scores: [Double]
  private let unknown: Int32
  private let unknownScore: Double
  private let byteTokens: ByteTokens

  /// How much worse than the worst token an unknown scalar is.
  private static let unknownPenalty = 10.0

  init(_ field: Field) throws(TokenizerError) {
    let list = try field.member("vocab")
    var tokens: [(text: ArraySlice<UInt8>, id: Int32)] = []
    var scores: [Double] = []
    for element in try list.elements() {
      let parts = try element.elements()
      guard parts.count == 2 else { throw element.wrong("not a text and a score") }
      tokens.append((try parts[0].text(), Int32(tokens.count)))
      scores.append(try parts[1].number())
    }
    guard !tokens.isEmpty else { throw list.wrong("is empty") }
    vocabulary = Vocabulary(tokens)
    index = PrefixIndex(tokens.map { $0.text })
    self.scores = scores
    unknown = Int32(try field.member("unk_id").integer(in: 0...tokens.count - 1))
    unknownScore = scores.reduce(.infinity, min) - Self.unknownPenalty
    byteTokens = try ByteTokens(field, vocabulary)
  }

  func append(_ text: ArraySlice<UInt8>, to ids: inout [Int32]) {
    for part in bestParts(of: text) {
      if let id = vocabulary[text[part]] {
        ids.append(id)
      } else {
        ids += byteTokens.ids(of: text[part]) ?? [unknown]
      }
    }
  }

  /// The best way to an end, by its last part.
  private struct Way {
    var score = -Double.infinity
    var start = -1
    var isUnknown = false

    /// Becomes the other where none is known yet or the other scores more.
    mutating func improve(_ other: Self) {
      if start < 0 || other.score > score { self = other }
    }
  }

  /// The parts of the best way through; neighbours that are unknown are one.
  private func bestParts(of text: ArraySlice<UInt8>) -> [Range<Int>] {
    let ways = ways(through: text)
    var parts: [Range<Int>] = []
    var end = text.endIndex
    var isAfterUnknown = false
    while end > text.startIndex {
      let way = ways[end - text.startIndex]
      if way.isUnknown, isAfterUnknown, let last = parts.popLast() {
        parts.append(way.start..<last.upperBound)
      } else {
        parts.append(way.start..<end)
      }
      isAfterUnknown = way.isUnknown
      end = way.start
    }
    return parts.reversed()
  }

  /// [bytes + 1] Viterbi's table: to each place between scalars its best way.
  private func ways(through text: ArraySlice<UInt8>) -> [Way] {
    var ways = [Way](repeating: Way(), count: text.count + 1)
    ways[0].score = 0
    text.forEachScalar { _, range in
      let score = ways[range.lowerBound - text.startIndex].score
      var isKnown = false
      index.forEachMatch(in: text, at: range.lowerBound) { id, count in
        let way = Way(score: score + scores[id], start: range.lowerBound, isUnknown: Int32(id) == unknown)
        ways[range.lowerBound - text.startIndex + count].improve(way)
        if count == range.count { isKnown = true }
      }
      if !isKnown {
        let way = Way(score: score + unknownScore, start: range.lowerBound, isUnknown: true)
        ways[range.upperBound - text.startIndex].improve(way)
      }
    }
    return ways
  }
}
