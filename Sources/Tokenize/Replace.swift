/// Puts `content` in the place of every match.
struct Replace: Normalizer {
  let pattern: Pattern
  /// UTF-8, taken as it stands.
  let content: [UInt8]

  func normalize(_ piece: Piece) -> Piece {
    let matches = pattern.matches(in: piece.text)
    guard !matches.isEmpty else { return piece }
    var replaced: [UInt8] = []
    replaced.reserveCapacity(piece.text.count)
    var end = piece.text.startIndex
    for match in matches {
      replaced.append(contentsOf: piece.text[end..<match.lowerBound])
      replaced.append(contentsOf: content)
      end = match.upperBound
    }
    replaced.append(contentsOf: piece.text[end...])
    return Piece(replaced[...], begins: piece.begins && keepsBeginning(piece.text, matches[0]))
  }

  /// What replaces several scalars stands where the last of them stood.
  private func keepsBeginning(_ text: ArraySlice<UInt8>, _ first: Range<Int>) -> Bool {
    if first.lowerBound > text.startIndex { return true }
    return !content.isEmpty && text.scalar(at: first.lowerBound).end == first.upperBound
  }
}
