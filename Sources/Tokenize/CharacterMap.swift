/// SentencePiece's precompiled normalization rules: a double array (Yata's Darts-clone) over UTF-8, whose leaves
/// point into a list of zero-terminated replacements (sentencepiece, builder.cc and normalizer.cc).
struct CharacterMap: Normalizer {
  private let units: [UInt32]
  /// UTF-8.
  private let replacements: [UInt8]

  /// `precompiled_charsmap` in base64: the double array's size in bytes as little-endian u32, the array, the rest.
  init(_ field: Field) throws(TokenizerError) {
    let text = try field.member("precompiled_charsmap")
    guard let bytes = decodedBase64(try text.text()) else { throw text.wrong("not base64") }
    guard bytes.count >= 4 else { throw text.wrong("too short") }
    let size = Int(littleEndian(bytes[..<4]))
    guard size % 4 == 0, size >= 1024, size <= bytes.count - 4 else {
      throw text.wrong("claims a table of \(size) bytes, which is not in its \(bytes.count)")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map { littleEndian(bytes[$0..<$0 + 4]) }
    replacements = Array(bytes[(4 + size)...])
    guard (try? UTF8Span(validating: replacements.span)) != nil else { throw text.wrong("replacements not UTF-8") }
  }

  /// Clusters of fewer than six bytes are replaced as one by the first rule that fits their beginning, as the
  /// reference does, scalars of the others one by one.
  func normalize(_ piece: Piece) -> Piece {
    var mapped: [UInt8] = []
    mapped.reserveCapacity(piece.text.count)
    var begins = piece.begins
    for cluster in String(decoding: piece.text, as: UTF8.self) {
      append(Array(cluster.utf8)[...], to: &mapped)
      if mapped.isEmpty { begins = false }
    }
    return Piece(mapped[...], begins: begins)
  }

  private func append(_ cluster: ArraySlice<UInt8>, to mapped: inout [UInt8]) {
    if cluster.count < 6, let replacement = replacement(for: cluster) {
      mapped.append(contentsOf: replacement)
      return
    }
    cluster.forEachScalar { _, range in
      mapped.append(contentsOf: replacement(for: cluster[range]) ?? cluster[range])
    }
  }

  /// Of the shortest rule that is a prefix of `key`.
  private func replacement(for key: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var node = Int(offset(units[0]))
    for byte in key where byte != 0 {
      node ^= Int(byte)
      guard node < units.count, units[node] & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
      let hasLeaf = units[node] >> 8 & 1 == 1
      node ^= Int(offset(units[node]))
      guard hasLeaf else { continue }
      guard node < units.count else { return nil }
      return replacement(at: Int(units[node] & 0x7FFF_FFFF))
    }
    return nil
  }

  /// What stands from `start` to the next zero; nil inside of a scalar or beyond the end.
  private func replacement(at start: Int) -> ArraySlice<UInt8>? {
    guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else { return nil }
    return replacements[start...].prefix { $0 != 0 }
  }

  private func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 1 << 9) >> 6) }
}

private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } }

/// Base64 with padding (RFC 4648 §4); nil for anything else.
func decodedBase64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
  let digits = text.prefix { $0 != UInt8(ascii: "=") }
  guard text.count % 4 == 0, text.count - digits.count <= 2, text[digits.endIndex...].allSatisfy({ $0 == 0x3D }) else {
    return nil
  }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(text.count / 4 * 3)
  var group: UInt32 = 0
  var held = 0
  for digit in digits {
    guard let value = base64Value(digit) else { return nil }
    group = group << 6 | value
    held += 6
    if held >= 8 {
      held -= 8
      bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(held)))
    }
  }
  return bytes
}

private func base64Value(_ digit: UInt8) -> UInt32? {
  switch Unicode.Scalar(digit) {
  case "A"..."Z": UInt32(digit) - 65
  case "a"..."z": UInt32(digit) - 71
  case "0"..."9": UInt32(digit) + 4
  case "+": 62
  case "/": 63
  default: nil
  }
}
