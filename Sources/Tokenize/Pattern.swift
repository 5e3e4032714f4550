/// The patterns that tokenizers search by: a literal, or one of the regular expressions in use, known by its exact
/// text and matched by hand.
enum Pattern: Sendable {
  /// UTF-8, not empty.
  case literal([UInt8])
  /// `\s+`
  case spaces
  /// ` {2,}`
  case repeatedSpaces
  /// One of the listed ASCII scalars: `[!"#]`.
  case listed(Set<UInt8>)
  /// `\w+|[^\w\s]+`
  case words
  /// CLIP's words, without spaces.
  case clip(literals: [[UInt8]])
  /// GPT-2's words, with the space before them.
  case gpt2
  /// cl100k's words, with at most so many digits in one.
  case cl100k(digits: Int)

  /// Where the pattern matches, from left to right, without overlap.
  func matches(in text: ArraySlice<UInt8>) -> [Range<Int>] {
    var matches: [Range<Int>] = []
    var place = text.startIndex
    while place < text.endIndex {
      if let end = end(in: text, from: place) {
        matches.append(place..<end)
        place = end
      } else {
        place = text.scalar(at: place).end
      }
    }
    return matches
  }

  /// The end of the match that begins at `place`; beyond it.
  private func end(in text: ArraySlice<UInt8>, from place: Int) -> Int? {
    let rest = text[place...]
    switch self {
    case .literal(let bytes): return rest.starts(with: bytes) ? place + bytes.count : nil
    case .spaces: return rest.run { $0.isSpace }
    case .repeatedSpaces: return rest.run { $0 == " " }.flatMap { $0 - place >= 2 ? $0 : nil }
    case .listed(let bytes): return bytes.contains(text[place]) ? place + 1 : nil
    case .words: return rest.run { $0.isWord } ?? rest.run { !$0.isWord && !$0.isSpace }
    case .clip(let literals): return rest.clipWord(literals)
    case .gpt2: return rest.gpt2Word()
    case .cl100k(let digits): return rest.cl100kWord(digits: digits)
    }
  }
}

extension Field {
  /// `{"String": …}` or `{"Regex": …}`.
  func pattern() throws(TokenizerError) -> Pattern {
    if let literal = try optional("String") {
      guard !(try literal.text()).isEmpty else { throw literal.wrong("is empty") }
      return .literal(Array(try literal.text()))
    }
    let expression = try member("Regex")
    guard let pattern = Pattern(expression: try expression.string()) else {
      throw expression.unsupported("regular expression \(quoted(try expression.text()))")
    }
    return pattern
  }
}

extension Pattern {
  /// Nil for an expression that is none of those in use.
  init?(expression: String) {
    switch expression {
    case #"\s+"#: self = .spaces
    case " {2,}": self = .repeatedSpaces
    case Self.clipWords: self = .clip(literals: [])
    case #"<\|startoftext\|>|<\|endoftext\|>|"# + Self.clipWords:
      self = .clip(literals: [Array("<|startoftext|>".utf8), Array("<|endoftext|>".utf8)])
    case "'s|'t|'re|'ve|'m|'ll|'d" + Self.gpt2Words, "'(?:[sdmt]|ll|ve|re)" + Self.gpt2Words: self = .gpt2
    case Self.cl100kWords(#"\p{N}{1,3}"#): self = .cl100k(digits: 3)
    case Self.cl100kWords(#"\p{N}"#): self = .cl100k(digits: 1)
    default:
      guard let bytes = Self.listedBytes(expression) else { return nil }
      self = .listed(bytes)
    }
  }

  private static let clipWords = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
  private static let gpt2Words = #"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  private static func cl100kWords(_ digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The punctuation in `[!"\#\-]`: listed one by one, a backslash before any; nil where anything else stands there.
  private static func listedBytes(_ expression: String) -> Set<UInt8>? {
    let text = Array(expression.utf8)
    guard text.count > 2, text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return nil }
    var bytes: Set<UInt8> = []
    var isEscaped = false
    for (place, byte) in text.enumerated().dropFirst().dropLast() {
      if byte == UInt8(ascii: "\\"), !isEscaped {
        isEscaped = true
        continue
      }
      let means = !isEscaped && (byte == UInt8(ascii: "^") && place == 1 || "-[]".utf8.contains(byte))
      let isIntersection = !isEscaped && byte == UInt8(ascii: "&") && text[place - 1] == byte
      guard Unicode.Scalar(byte).isASCII, Unicode.Scalar(byte).isPunctuation, !means, !isIntersection else {
        return nil
      }
      bytes.insert(byte)
      isEscaped = false
    }
    return isEscaped || bytes.isEmpty ? nil : bytes
  }
}
