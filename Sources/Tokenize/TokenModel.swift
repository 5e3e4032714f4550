/// Turns a piece of text into tokens.
protocol TokenModel: Sendable {
  var vocabulary: Vocabulary { get }
  /// - Parameter text: UTF-8, not empty.
  func append(_ text: ArraySlice<UInt8>, to ids: inout [Int32])
}

extension Field {
  func tokenModel() throws(TokenizerError) -> any TokenModel {
    let type = try type()
    switch type {
    case "BPE": return try BytePairModel(self)
    case "WordPiece": return try WordPieceModel(self)
    case "Unigram": return try UnigramModel(self)
    default: throw unsupported("model \(quoted(type.utf8))")
    }
  }

  /// The id of the token that `unk_token` names; nil where it is absent.
  func unknownToken(in vocabulary: Vocabulary) throws(TokenizerError) -> Int32? {
    guard let name = try optional("unk_token") else { return nil }
    guard let id = vocabulary[try name.text()] else { throw name.wrong("\(quoted(try name.text())) is no token") }
    return id
  }
}
