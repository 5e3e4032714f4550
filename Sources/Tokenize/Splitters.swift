/// Cuts at every scalar of a class.
struct ClassSplit: PreTokenizer {
  private let behavior: SplitBehavior
  private let contains: @Sendable (Unicode.Scalar) -> Bool

  init(_ behavior: SplitBehavior, _ contains: @escaping @Sendable (Unicode.Scalar) -> Bool) {
    self.behavior = behavior
    self.contains = contains
  }

  func split(_ piece: Piece) -> [Piece] {
    var matches: [Range<Int>] = []
    piece.text.forEachScalar { scalar, range in if contains(scalar) { matches.append(range) } }
    return behavior.split(piece, parts(of: piece.text, matches, isInverted: false))
  }
}

/// Cuts at every match of a pattern, or at all between.
struct PatternSplit: PreTokenizer {
  let pattern: Pattern
  let behavior: SplitBehavior
  let isInverted: Bool

  func split(_ piece: Piece) -> [Piece] {
    behavior.split(piece, parts(of: piece.text, pattern.matches(in: piece.text), isInverted: isInverted))
  }
}

/// SentencePiece's way: spaces become a visible mark, one is put before, and pieces begin with it.
struct Metaspace: PreTokenizer {
  private enum Scheme: String { case always, first, never }

  private let mark: [UInt8]
  private let scheme: Scheme
  private let isSplitting: Bool

  init(_ field: Field) throws(TokenizerError) {
    mark = Array(try field.member("replacement").text())
    guard !mark.isEmpty else { throw try field.member("replacement").wrong("is empty") }
    isSplitting = try field.flag("split", absent: true)
    if let name = try field.optional("prepend_scheme") {
      guard let scheme = Scheme(rawValue: try name.string()) else {
        throw name.unsupported("scheme \(quoted(try name.text()))")
      }
      self.scheme = scheme
    } else {
      scheme = try field.flag("add_prefix_space", absent: true) ? .always : .never
    }
  }

  func split(_ piece: Piece) -> [Piece] {
    var marked = Replace(pattern: .literal([0x20]), content: mark).normalize(piece)
    if scheme == .always || (scheme == .first && marked.begins), !marked.text.starts(with: mark) {
      marked = Prepend(prefix: mark).normalize(marked)
    }
    guard isSplitting else { return [marked] }
    return PatternSplit(pattern: .literal(mark), behavior: .mergedWithNext, isInverted: false).split(marked)
  }
}

/// The matches of a text and what stands between them; inverted, the one is taken for the other.
private func parts(of text: ArraySlice<UInt8>, _ matches: [Range<Int>], isInverted: Bool) -> [SplitBehavior.Part] {
  var parts: [SplitBehavior.Part] = []
  parts.reserveCapacity(matches.count * 2 + 1)
  var end = text.startIndex
  for match in matches {
    if end < match.lowerBound { parts.append(.init(range: end..<match.lowerBound, isMatch: isInverted)) }
    parts.append(.init(range: match, isMatch: !isInverted))
    end = match.upperBound
  }
  if end < text.endIndex { parts.append(.init(range: end..<text.endIndex, isMatch: isInverted)) }
  return parts
}
