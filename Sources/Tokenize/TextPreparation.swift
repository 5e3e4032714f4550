/// What a model's own code does to text, between added tokens, before what its `tokenizer.json` says.
package enum TextPreparation: Sendable {
  case none
  /// SigLIP 2: lower-cased.
  case lowercased
  /// SigLIP 1: lower-cased, without ASCII punctuation, white space joined into single spaces, none at the ends.
  case canonical

  var normalizers: [any Normalizer] {
    switch self {
    case .none: []
    case .lowercased: [Lowercase()]
    case .canonical:
      [
        Lowercase(), withoutPunctuation, Replace(pattern: .spaces, content: [0x20]), Strip(left: true, right: true),
      ]
    }
  }

  private var withoutPunctuation: Replace {
    let punctuation = (0..<0x80).filter { Unicode.Scalar($0).isPunctuation }
    return Replace(pattern: .listed(Set(punctuation)), content: [])
  }
}
