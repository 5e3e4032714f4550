/// The tokens `<0x00>` to `<0xFF>`, which stand for the bytes of what is no token.
struct ByteTokens: Sendable {
  /// [256], or empty without fallback.
  private let tokens: [Int32?]

  init(_ model: Field, _ vocabulary: Vocabulary) throws(TokenizerError) {
    guard try model.flag("byte_fallback", absent: false) else {
      tokens = []
      return
    }
    tokens = (0..<256).map { byte in
      vocabulary["<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">"]
    }
  }

  /// A token for every byte, or nil where one has none.
  func ids(of text: ArraySlice<UInt8>) -> [Int32]? {
    guard !tokens.isEmpty else { return nil }
    let ids = text.compactMap { tokens[Int($0)] }
    return ids.count == text.count ? ids : nil
  }
}
