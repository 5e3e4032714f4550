import Linear
import Tokenize

extension SigLIP {
  /// Rows are always full: the encoder was trained on the vector of the last token, padding as a rule.
  static func tokens(
    _ folder: CheckpointFolder, _ settings: Settings, limit: Int
  ) throws(LinearError) -> TextTokens {
    let file = try Settings.read("tokenizer_config.json", of: folder)
    let standard = Int32(try settings.count("pad_token_id", default: 1, in: 0...1 << 24))
    let tokenizer = try folder.tokenizer(preparation(file))
    let padding = try file?.padToken("pad_token").flatMap { tokenizer.id(of: $0) } ?? standard
    let side = try file?.text("padding_side") == "left" ? Padding.Side.left : .right
    return TextTokens(
      folder, tokenizer, limit: limit, ending: .padded(Padding(id: padding, side: side)))
  }

  /// What the tokenizers' own classes do beside tokenizer.json.
  private static func preparation(_ file: Settings?) throws(LinearError) -> TextPreparation {
    guard let name = try file?.text("tokenizer_class") else { return .none }
    if name.hasPrefix("SiglipTokenizer") { return .canonical }
    return name.hasPrefix("Gemma") || name.hasPrefix("Siglip2") ? .lowercased : .none
  }
}

extension Settings {
  /// A token by its text, or as an object that holds it.
  fileprivate func padToken(_ key: String) throws(LinearError) -> String? {
    try holdsTable(key) ? table(key).text("content") : text(key)
  }
}
