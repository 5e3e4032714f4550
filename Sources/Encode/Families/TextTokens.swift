import Linear
import Tokenize

/// From text to the ids that a text encoder takes, up to the one whose vector stands for the text.
struct TextTokens: Sendable {
  enum Ending: Sendable {
    /// The first of the highest id.
    case highest
    /// The first of this id; the first token where there is none.
    case id(Int)
    /// The last of a row that is always full.
    case padded(Padding)
  }

  private let file: String
  private let tokenizer: Tokenizer
  private let limit: Int
  private let ending: Ending

  /// - Parameter limit: the most ids that the encoder takes, ≥ 1.
  init(_ folder: CheckpointFolder, _ tokenizer: Tokenizer, limit: Int, ending: Ending) {
    file = "\(folder.path)/tokenizer.json"
    self.tokenizer = tokenizer
    self.limit = limit
    self.ending = ending
  }

  /// At least one id.
  func ids(_ text: String) throws(LinearError) -> [Int32] {
    if case .padded(let padding) = ending { return tokenizer.encode(text, paddedTo: limit, with: padding) }
    let ids = tokenizer.encode(text, limit: limit)
    guard !ids.isEmpty else { throw .file(path: file, reason: "makes no token of an empty text") }
    return Array(ids[...end(of: ids)])
  }

  /// ids: not empty.
  private func end(of ids: [Int32]) -> Int {
    switch ending {
    case .highest: ids.firstIndex(of: ids.max() ?? 0) ?? 0
    case .id(let id): ids.firstIndex { Int($0) == id } ?? 0
    case .padded: ids.count - 1
    }
  }
}

extension CheckpointFolder {
  func tokenizer(_ preparation: TextPreparation = .none) throws(LinearError) -> Tokenizer {
    do throws(TokenizerError) {
      return try Tokenizer(contentsOf: "\(path)/tokenizer.json", preparation: preparation)
    } catch { throw .engine(reason: error.description) }
  }
}
