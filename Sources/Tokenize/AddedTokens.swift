/// Tokens beside the model's, found in the text before the model sees it.
struct AddedTokens: Sendable {
  /// What a text is made of.
  enum Part: Equatable {
    case token(Int32)
    case text(Piece)
  }

  fileprivate struct AddedToken: Sendable {
    let id: Int32
    /// UTF-8.
    let name: ArraySlice<UInt8>
    /// What is looked for: the name, normalized where the text is.
    var content: ArraySlice<UInt8>
    let isSingleWord: Bool
    /// Whether it takes the white space before it, and behind.
    let stripsLeft: Bool
    let stripsRight: Bool
  }

  /// [tokens]
  private let tokens: [AddedToken]
  private let index: PrefixIndex

  /// - Parameter field: `added_tokens`, or nil.
  /// - Returns: those that are looked for in the text as given, and those looked for in normalized text.
  static func read(
    _ field: Field?, _ vocabulary: Vocabulary, _ normalizers: [any Normalizer]
  ) throws(TokenizerError) -> (raw: AddedTokens, normalized: AddedTokens) {
    var raw: [(token: AddedToken, isSpecial: Bool)] = []
    var normalized: [(token: AddedToken, isSpecial: Bool)] = []
    for element in try field?.elements() ?? [] {
      var token = try AddedToken(element, vocabulary)
      let isSpecial = try element.flag("special", absent: false)
      if try element.flag("normalized", absent: !isSpecial) {
        token.content = normalizers.normalize(Piece(token.content, begins: false)).text
        normalized.append((token, isSpecial))
      } else {
        raw.append((token, isSpecial))
      }
    }
    return (AddedTokens(raw), AddedTokens(normalized))
  }

  /// Of equal texts special ones come before others, then the first.
  private init(_ given: [(token: AddedToken, isSpecial: Bool)]) {
    let ordered = given.filter { $0.isSpecial } + given.filter { !$0.isSpecial }
    tokens = ordered.reversed().map { $0.token }
    index = PrefixIndex(tokens.map { $0.content })
  }

  func id(of token: String) -> Int32? { tokens.last { $0.name.elementsEqual(token.utf8) }?.id }

  /// Cuts at the tokens: the leftmost first, of those the longest.
  func split(_ piece: Piece) -> [Part] {
    let text = piece.text
    var parts: [Part] = []
    var end = text.startIndex
    var place = text.startIndex
    while place < text.endIndex {
      guard let (token, match) = longestMatch(text, at: place) else {
        place += 1
        continue
      }
      place = match.upperBound
      guard let range = widened(token, match, in: text, from: end) else { continue }
      if end < range.lowerBound { parts.append(.text(piece[end..<range.lowerBound])) }
      parts.append(.token(token.id))
      end = range.upperBound
    }
    if end < text.endIndex { parts.append(.text(piece[end..<text.endIndex])) }
    return parts
  }

  private func longestMatch(_ text: ArraySlice<UInt8>, at place: Int) -> (token: AddedToken, match: Range<Int>)? {
    var longest: (token: AddedToken, match: Range<Int>)?
    index.forEachMatch(in: text, at: place) { number, count in longest = (tokens[number], place..<place + count) }
    return longest
  }

  /// The match with the white space that the token takes, none from before `start`; nil inside of a longer word
  /// where it must be one.
  private func widened(
    _ token: AddedToken, _ match: Range<Int>, in text: ArraySlice<UInt8>, from start: Int
  ) -> Range<Int>? {
    let before = text[..<match.lowerBound]
    let behind = text[match.upperBound...]
    if token.isSingleWord {
      let isInside = !before.isEmpty && before.scalar(before: before.endIndex).scalar.isWord
      guard !isInside, behind.run(upTo: 1, { $0.isWord }) == nil else { return nil }
    }
    let lower = token.stripsLeft ? max(start, before.endOfText) : match.lowerBound
    let upper = token.stripsRight ? behind.run { $0.isSpace } : nil
    return lower..<max(lower, upper ?? match.upperBound)
  }
}

extension AddedTokens.AddedToken {
  /// A token that the model has too keeps the model's id, which must be the file's.
  init(_ field: Field, _ vocabulary: Vocabulary) throws(TokenizerError) {
    name = Array(try field.member("content").text())[...]  // not a slice, which would keep the whole file
    content = name
    id = try field.member("id").id()
    if let known = vocabulary[name], known != id {
      throw field.wrong("id \(id), but the vocabulary has \(quoted(name)) as \(known)")
    }
    isSingleWord = try field.flag("single_word", absent: false)
    stripsLeft = try field.flag("lstrip", absent: false)
    stripsRight = try field.flag("rstrip", absent: false)
  }
}

extension ArraySlice<UInt8> {
  /// Where the white space at the end begins.
  fileprivate var endOfText: Int {
    Strip(left: false, right: true).normalize(Piece(self, begins: false)).text.endIndex
  }
}
