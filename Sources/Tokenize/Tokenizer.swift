/// Turns text into the token ids that a text encoder was trained on, as a Hugging Face `tokenizer.json` describes:
/// added tokens are taken out, the rest is normalized, cut into pieces and turned into tokens by the model, and the
/// special tokens are put around. Gives the ids of the `tokenizers` library.
package struct Tokenizer: Sendable {
  private static let sizeLimit = 256 << 20

  private let rawTokens: AddedTokens
  private let normalizers: [any Normalizer]
  private let normalizedTokens: AddedTokens
  private let preTokenizers: [any PreTokenizer]
  private let model: any TokenModel
  private let postProcessor: PostProcessor

  /// - Parameters:
  ///   - path: a `tokenizer.json`. What it says of truncation and padding is left to the caller.
  ///   - preparation: what the model's own code does to text beside it.
  /// - Throws: for a part that is not known here rather than guessing.
  package init(contentsOf path: String, preparation: TextPreparation = .none) throws(TokenizerError) {
    let bytes = try fileBytes(path, limit: Self.sizeLimit)
    try self.init(try JSONDocument(file: path, bytes: bytes).root, preparation)
  }

  init(_ file: Field, _ preparation: TextPreparation = .none) throws(TokenizerError) {
    model = try file.member("model").tokenModel()
    normalizers = preparation.normalizers + (try file.optional("normalizer")?.normalizers() ?? [])
    preTokenizers = try file.optional("pre_tokenizer")?.preTokenizers() ?? []
    postProcessor = try PostProcessor(try file.optional("post_processor"))
    (rawTokens, normalizedTokens) = try AddedTokens.read(
      try file.optional("added_tokens"), model.vocabulary, normalizers)
  }

  /// The ids of `text` with the special tokens around.
  /// - Parameter limit: how many ids at most. The text's last give way, the special tokens stay while they fit
  ///   themselves; where they do not, the reference stops cutting at all.
  package func encode(_ text: String, limit: Int? = nil) -> [Int32] {
    var ids = textIDs(text)
    guard let limit = limit.map({ max(0, $0) }) else { return postProcessor.wrap(ids) }
    ids.removeLast(max(0, ids.count - max(0, limit - postProcessor.addedCount)))
    return Array(postProcessor.wrap(ids).prefix(limit))
  }

  /// Exactly `count` ids.
  package func encode(_ text: String, paddedTo count: Int, with padding: Padding) -> [Int32] {
    padding.fill(encode(text, limit: count), to: count)
  }

  /// The id of a token by its text; nil where there is none.
  package func id(of token: String) -> Int32? {
    model.vocabulary[token] ?? rawTokens.id(of: token) ?? normalizedTokens.id(of: token)
  }

  /// Without special tokens around.
  private func textIDs(_ text: String) -> [Int32] {
    var ids: [Int32] = []
    for part in rawTokens.split(Piece(Array(text.utf8)[...], begins: true)) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let piece): append(normalizers.normalize(piece), to: &ids)
      }
    }
    return ids
  }

  private func append(_ normalized: Piece, to ids: inout [Int32]) {
    for part in normalizedTokens.split(normalized) {
      switch part {
      case .token(let id): ids.append(id)
      case .text(let piece):
        for word in preTokenizers.split(piece) { model.append(word.text, to: &ids) }
      }
    }
  }
}
