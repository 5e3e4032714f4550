import Linear
import Tokenize

/// A checkpoint's tokenizer, for a model that knows so many tokens and hears so many at once.
struct TextTokenizer: Sendable {
  private let path: String
  private let tokenizer: Tokenizer
  private let vocabulary: Int
  private let limit: Int

  /// - Parameters:
  ///   - vocabulary: rows of the model's token table.
  ///   - limit: tokens of one text, special ones among them; longer texts lose their end.
  init(_ folder: CheckpointFolder, vocabulary: Int, limit: Int) throws(LinearError) {
    path = "\(folder.path)/tokenizer.json"
    do throws(TokenizerError) { tokenizer = try Tokenizer(contentsOf: path) } catch {
      throw .file(path: path, reason: String(error.description.trimmingPrefix("\(path): ")))
    }
    self.vocabulary = vocabulary
    self.limit = limit
  }

  /// One id or more, each a row of the token table.
  func encode(_ text: String) throws(LinearError) -> [Int32] {
    let ids = tokenizer.encode(text, limit: limit)
    guard !ids.isEmpty else { throw .file(path: path, reason: "makes no token of \(text.prefix(40).debugDescription)") }
    if let stray = ids.first(where: { $0 < 0 || $0 >= vocabulary }) {
      throw .file(path: path, reason: "makes a token \(stray) that the model of \(vocabulary) tokens does not have")
    }
    return ids
  }
}
