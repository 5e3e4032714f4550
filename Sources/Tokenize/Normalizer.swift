/// Rewrites text before it is cut.
protocol Normalizer: Sendable {
  func normalize(_ piece: Piece) -> Piece
}

extension Field {
  /// The parts of the normalizer that this describes, in their order.
  func normalizers() throws(TokenizerError) -> [any Normalizer] {
    let type = try type()
    switch type {
    case "Sequence":
      var parts: [any Normalizer] = []
      for part in try member("normalizers").elements() { parts += try part.normalizers() }
      return parts
    case "NFC": return [UnicodeForm.composed]
    case "NFD": return [UnicodeForm.decomposed]
    case "NFKC": return [UnicodeForm.compatiblyComposed]
    case "NFKD": return [UnicodeForm.compatiblyDecomposed]
    case "Lowercase": return [Lowercase()]
    case "Strip":
      return [Strip(left: try flag("strip_left", absent: true), right: try flag("strip_right", absent: true))]
    case "StripAccents": return [StripAccents()]
    case "Prepend": return [Prepend(prefix: Array(try member("prepend").text()))]
    case "Replace":
      return [Replace(pattern: try member("pattern").pattern(), content: Array(try member("content").text()))]
    case "BertNormalizer": return try bertNormalizers()
    case "ByteLevel": return [ByteAlphabet()]
    case "Precompiled": return [try CharacterMap(self)]
    default: throw unsupported("normalizer \(quoted(type.utf8))")
    }
  }
}

extension [any Normalizer] {
  func normalize(_ piece: Piece) -> Piece { reduce(piece) { $1.normalize($0) } }
}
