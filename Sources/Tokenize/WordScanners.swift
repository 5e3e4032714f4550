// The alternatives of the word patterns, tried in their order at the beginning of a text that is not empty. Each
// gives the end of what it matches, or nil.

extension ArraySlice<UInt8> {
  /// The end of the scalars at the beginning that are of a class; nil for none.
  func run(upTo limit: Int = .max, _ contains: (Unicode.Scalar) -> Bool) -> Int? {
    var place = startIndex
    var count = 0
    while place < endIndex, count < limit {
      let (scalar, end) = scalar(at: place)
      guard contains(scalar) else { break }
      place = end
      count += 1
    }
    return count > 0 ? place : nil
  }

  /// `literals|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
  func clipWord(_ literals: [[UInt8]]) -> Int? {
    for literal in literals where starts(with: literal) { return startIndex + literal.count }
    return contraction() ?? run { $0.isLetter } ?? run(upTo: 1) { $0.isNumber } ?? run { $0.isSymbol }
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  func gpt2Word() -> Int? {
    if let end = contraction() { return end }
    let word = first == 0x20 ? dropFirst() : self
    return word.run { $0.isLetter } ?? word.run { $0.isNumber } ?? word.run { $0.isSymbol } ?? space()
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}`, then
  /// `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  func cl100kWord(digits: Int) -> Int? {
    if let end = contraction(ignoringCase: true) ?? letters() ?? run(upTo: digits, { $0.isNumber }) { return end }
    if let end = (first == 0x20 ? dropFirst() : self).run({ $0.isSymbol }) {
      return self[end...].run { $0.isLineBreak } ?? end
    }
    guard let end = run({ $0.isSpace }) else { return nil }
    return self[..<end].lastIndex { $0 == 0x0A || $0 == 0x0D }.map { $0 + 1 } ?? space()
  }

  /// `[^\r\n\p{L}\p{N}]?\p{L}+`
  private func letters() -> Int? {
    let (scalar, end) = scalar(at: startIndex)
    let isLead = !scalar.isLineBreak && !scalar.isLetter && !scalar.isNumber
    return (isLead ? self[end...] : self).run { $0.isLetter }
  }

  /// `\s+(?!\S)|\s+`: spaces, but for the last of several that stand before something.
  private func space() -> Int? {
    guard let end = run({ $0.isSpace }) else { return nil }
    let last = scalar(before: end).start
    return end < endIndex && last > startIndex ? last : end
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`
  private func contraction(ignoringCase: Bool = false) -> Int? {
    guard first == UInt8(ascii: "'") else { return nil }
    for ending in ["s", "t", "re", "ve", "m", "ll", "d"] as [StaticString] {
      var place = startIndex + 1
      let isMatch = ending.description.utf8.allSatisfy { letter in
        guard place < endIndex else { return false }
        let (scalar, end) = scalar(at: place)
        place = end
        return (ignoringCase ? scalar.folded : scalar) == Unicode.Scalar(letter)
      }
      if isMatch { return place }
    }
    return nil
  }
}

extension Unicode.Scalar {
  /// `[^\s\p{L}\p{N}]`
  fileprivate var isSymbol: Bool { !isSpace && !isLetter && !isNumber }

  fileprivate var isLineBreak: Bool { self == "\r" || self == "\n" }

  /// Simple case folding into ASCII letters.
  fileprivate var folded: Unicode.Scalar {
    if self == "\u{17F}" { return "s" }
    return 0x41...0x5A ~= value ? Unicode.Scalar(UInt8(value | 0x20)) : self
  }
}
