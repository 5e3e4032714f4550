/// Byte-pair encoding (Sennrich et al. 2016): a word's letters, joined pair by pair in the order of `merges`.
struct BytePairModel: TokenModel {
  let vocabulary: Vocabulary
  private let merges: MergeTable
  private let unknown: Int32?
  private let isFusingUnknown: Bool
  /// Whole pieces that are tokens are not built from letters.
  private let isIgnoringMerges: Bool
  private let byteTokens: ByteTokens
  /// What every letter but the first begins with, and what the last ends with; UTF-8.
  private let prefix: [UInt8]
  private let suffix: [UInt8]

  init(_ field: Field) throws(TokenizerError) {
    if let dropout = try field.optional("dropout"), try dropout.number() != 0 {
      throw dropout.unsupported("dropout, which is random")
    }
    vocabulary = try Vocabulary(try field.member("vocab"))
    prefix = Array(try field.optional("continuing_subword_prefix")?.text() ?? [])
    suffix = Array(try field.optional("end_of_word_suffix")?.text() ?? [])
    unknown = try field.unknownToken(in: vocabulary)
    isFusingUnknown = try field.flag("fuse_unk", absent: false)
    isIgnoringMerges = try field.flag("ignore_merges", absent: false)
    byteTokens = try ByteTokens(field, vocabulary)
    merges = try MergeTable(try field.member("merges"), vocabulary, prefixCount: prefix.count)
  }

  func append(_ text: ArraySlice<UInt8>, to ids: inout [Int32]) {
    if isIgnoringMerges, let id = vocabulary[text] {
      ids.append(id)
    } else {
      var word = MergeableWord(letters(of: text))
      word.merge(by: merges)
      word.append(to: &ids)
    }
  }

  /// The tokens of single scalars. Without an unknown token, scalars that are none are left out.
  private func letters(of text: ArraySlice<UInt8>) -> [Int32] {
    var letters: [Int32] = []
    letters.reserveCapacity(text.count)
    var isUnknownPending = false
    text.forEachScalar { _, range in
      let letter = letter(text, range)
      if let id = vocabulary[letter] {
        if isUnknownPending, let unknown { letters.append(unknown) }
        isUnknownPending = false
        letters.append(id)
      } else if let ids = byteTokens.ids(of: letter) {
        // An unknown token that is pending stays so, as in the reference.
        letters += ids
      } else {
        if isUnknownPending, !isFusingUnknown, let unknown { letters.append(unknown) }
        isUnknownPending = true
      }
    }
    if isUnknownPending, let unknown { letters.append(unknown) }
    return letters
  }

  private func letter(_ text: ArraySlice<UInt8>, _ range: Range<Int>) -> ArraySlice<UInt8> {
    let lead = range.lowerBound > text.startIndex ? prefix : []
    let tail = range.upperBound == text.endIndex ? suffix : []
    return lead.isEmpty && tail.isEmpty ? text[range] : (lead + text[range] + tail)[...]
  }
}
