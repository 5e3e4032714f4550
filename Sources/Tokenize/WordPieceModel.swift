/// BERT's model: the longest token first, from left to right (google-research/bert, tokenization.py:
/// WordpieceTokenizer).
struct WordPieceModel: TokenModel {
  let vocabulary: Vocabulary
  private let unknown: Int32
  /// What stands before tokens inside a word, UTF-8.
  private let prefix: [UInt8]
  private let scalarLimit: Int
  private let longest: Int

  init(_ field: Field) throws(TokenizerError) {
    vocabulary = try Vocabulary(try field.member("vocab"))
    guard let unknown = try field.unknownToken(in: vocabulary) else { throw field.wrong("has no \"unk_token\"") }
    self.unknown = unknown
    prefix = Array(try field.member("continuing_subword_prefix").text())
    scalarLimit = try field.member("max_input_chars_per_word").integer(in: 0...Int(Int32.max))
    longest = vocabulary.longest
  }

  /// A word that is too long or cannot be put together is one unknown token.
  func append(_ text: ArraySlice<UInt8>, to ids: inout [Int32]) {
    let count = ids.count
    if text.count(where: { $0 & 0xC0 != 0x80 }) > scalarLimit || !appendTokens(of: text, to: &ids) {
      ids.removeLast(ids.count - count)
      ids.append(unknown)
    }
  }

  private func appendTokens(of text: ArraySlice<UInt8>, to ids: inout [Int32]) -> Bool {
    var rest = text
    while !rest.isEmpty {
      let lead = rest.startIndex == text.startIndex ? [] : prefix
      guard let (id, end) = longestToken(lead, rest) else { return false }
      ids.append(id)
      rest = rest[end...]
    }
    return true
  }

  /// The longest token that is `lead` and the beginning of `text`, and where that beginning ends.
  private func longestToken(_ lead: [UInt8], _ text: ArraySlice<UInt8>) -> (id: Int32, end: Int)? {
    let candidate = lead + text.prefix(max(0, longest - lead.count))
    var count = candidate.count
    while count > lead.count {
      if let id = vocabulary[candidate[..<count]] { return (id, text.startIndex + count - lead.count) }
      count -= 1
    }
    return nil
  }
}
