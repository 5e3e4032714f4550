// The parts of BERT's normalizer (google-research/bert, tokenization.py: BasicTokenizer).

extension Field {
  func bertNormalizers() throws(TokenizerError) -> [any Normalizer] {
    let isLowercasing = try flag("lowercase", absent: true)
    var parts: [any Normalizer] = []
    if try flag("clean_text", absent: true) { parts.append(CleanText()) }
    if try flag("handle_chinese_chars", absent: true) { parts.append(SpacedIdeographs()) }
    if try flag("strip_accents", absent: isLowercasing) { parts += [UnicodeForm.decomposed, WithoutNonspacingMarks()] }
    if isLowercasing { parts.append(Lowercase()) }
    return parts
  }
}

/// Drops controls and U+FFFD; every white space becomes a space.
private struct CleanText: Normalizer {
  func normalize(_ piece: Piece) -> Piece {
    piece.keeping { scalar in
      switch scalar {
      case "\t", "\n", "\r": " "
      case "\0", "\u{FFFD}": nil
      default: scalar.isOther ? nil : scalar.isSpace ? " " : scalar
      }
    }
  }
}

/// The accents, once decomposed.
private struct WithoutNonspacingMarks: Normalizer {
  func normalize(_ piece: Piece) -> Piece { piece.keeping { $0.isNonspacingMark ? nil : $0 } }
}

/// Puts spaces around CJK ideographs.
private struct SpacedIdeographs: Normalizer {
  func normalize(_ piece: Piece) -> Piece {
    var spaced: [UInt8] = []
    spaced.reserveCapacity(piece.text.count)
    piece.text.forEachScalar { scalar, range in
      let isIdeograph = isIdeograph(scalar)
      if isIdeograph { spaced.append(0x20) }
      spaced.append(contentsOf: piece.text[range])
      if isIdeograph { spaced.append(0x20) }
    }
    return Piece(spaced[...], begins: piece.begins)
  }

  /// The blocks that BERT takes for CJK.
  private func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
