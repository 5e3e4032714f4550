/// What a request line asks for, decoded: `/v1/sources/cam%201?from=3`.
struct Target {
  let path: [String]
  let query: [(name: String, value: String)]

  /// Nil where it is no path of this server, or not decodable: `%2`, `%00`, `%ff`.
  init?(_ text: String) {
    let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, first.first == "/" else { return nil }
    let names = first.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { Self.decoded($0) }
    var query: [(name: String, value: String)] = []
    for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(sides[0]), let value = sides.count > 1 ? Self.decoded(sides[1]) : "" else {
        return nil
      }
      query.append((name, value))
    }
    guard !names.contains(nil) else { return nil }
    path = first == "/" ? [] : names.compactMap { $0 }
    self.query = query
  }

  /// Percent signs undone; nil where that is no UTF-8 or holds control characters.
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16), rest.first != 0x2B else {
        return nil
      }
      rest = rest.dropFirst(2)
      bytes.append(value)
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else { return nil }
    return bytes.contains { $0 < 0x20 || $0 == 0x7F } ? nil : decoded
  }
}
