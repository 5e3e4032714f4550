/// Cuts normalized text into the pieces that the model sees one by one.
protocol PreTokenizer: Sendable {
  func split(_ piece: Piece) -> [Piece]
}

extension Field {
  /// The parts of the pre-tokenizer that this describes, in their order.
  func preTokenizers() throws(TokenizerError) -> [any PreTokenizer] {
    let type = try type()
    switch type {
    case "Sequence":
      var parts: [any PreTokenizer] = []
      for part in try member("pretokenizers").elements() { parts += try part.preTokenizers() }
      return parts
    case "BertPreTokenizer":
      return [ClassSplit(.removed) { $0.isSpace }, ClassSplit(.isolated) { $0.isPunctuation }]
    case "WhitespaceSplit": return [ClassSplit(.removed) { $0.isSpace }]
    case "Whitespace": return [PatternSplit(pattern: .words, behavior: .removed, isInverted: true)]
    case "Punctuation": return [ClassSplit(try behavior(absent: .isolated)) { $0.isPunctuation }]
    case "Digits":
      let isIndividual = try flag("individual_digits", absent: false)
      return [ClassSplit(isIndividual ? .isolated : .contiguous) { $0.isNumeric }]
    case "ByteLevel": return try byteLevelSplitters()
    case "Metaspace": return [try Metaspace(self)]
    case "Split":
      let isInverted = try flag("invert", absent: false)
      return [
        PatternSplit(pattern: try member("pattern").pattern(), behavior: try behavior(), isInverted: isInverted)
      ]
    default: throw unsupported("pre-tokenizer \(quoted(type.utf8))")
    }
  }

  private func byteLevelSplitters() throws(TokenizerError) -> [any PreTokenizer] {
    var parts: [any PreTokenizer] = []
    if try flag("add_prefix_space", absent: true) { parts.append(PrefixSpace()) }
    if try flag("use_regex", absent: true) {
      parts.append(PatternSplit(pattern: .gpt2, behavior: .isolated, isInverted: false))
    }
    parts.append(Rewritten(by: ByteAlphabet()))
    return parts
  }

  private func behavior(absent: SplitBehavior? = nil) throws(TokenizerError) -> SplitBehavior {
    if let absent, try optional("behavior") == nil { return absent }
    let field = try member("behavior")
    guard let behavior = SplitBehavior(rawValue: try field.string()) else {
      throw field.unsupported("behavior \(quoted(try field.text()))")
    }
    return behavior
  }
}

extension [any PreTokenizer] {
  /// Pieces without text are dropped.
  func split(_ piece: Piece) -> [Piece] {
    reduce([piece]) { pieces, part in pieces.flatMap(part.split).filter { !$0.text.isEmpty } }
  }
}

/// A normalizer among the pre-tokenizers.
private struct Rewritten: PreTokenizer {
  let normalizer: any Normalizer

  init(by normalizer: any Normalizer) { self.normalizer = normalizer }

  func split(_ piece: Piece) -> [Piece] { [normalizer.normalize(piece)] }
}

/// Puts a space before text that does not begin with one.
private struct PrefixSpace: PreTokenizer {
  func split(_ piece: Piece) -> [Piece] {
    [piece.text.first == 0x20 ? piece : Prepend(prefix: [0x20]).normalize(piece)]
  }
}
