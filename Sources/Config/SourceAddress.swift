import Media

/// Where a source is: a path or URL, with `${credential:NAME}` in place of secrets. Shown without what may be one.
package struct SourceAddress: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  private static let opening = "${credential:"
  private let text: String

  init(unchecked text: String) { self.text = text }

  /// - Throws: why the text is no address, without it.
  init(_ text: String) throws(Refusal) {
    self.text = SourceScheme.lowered(try Grammar<String>.text().parse(text))
    for part in parts {
      switch part {
      case .plain(let text):
        guard !text.contains("${") else { throw Refusal("has a placeholder that is not ${credential:NAME}") }
      case .credential(let name):
        guard isName(name) else { throw Refusal("has a placeholder without the name of a credential") }
      }
    }
    if let scheme = SourceScheme.of(text), !SourceScheme.all.contains(scheme) {
      throw .notAmong(scheme, SourceScheme.all)
    }
  }

  /// Whether it is a URL, not a path.
  package var isURL: Bool { text.contains("://") }

  var namesCredentials: Bool { parts.contains { if case .credential = $0 { true } else { false } } }

  /// The address to open. Inside an address a secret is percent-encoded, so that no letter of it ends its part; one
  /// that is the whole address stays as it is.
  /// - Throws: `CredentialProblem`.
  package func filled(_ credentials: Credentials) throws(CredentialProblem) -> String {
    var address = ""
    for part in parts {
      switch part {
      case .plain(let text): address += text
      case .credential(let name):
        let secret = try credentials.read(name)
        address += parts.count == 1 ? secret : Self.percentEncoded(secret)
      }
    }
    return SourceScheme.lowered(address)
  }

  package var description: String { AddressText.redacted(text) }
  package var debugDescription: String { description }

  private enum Part {
    case plain(String)
    case credential(String)
  }

  private var parts: [Part] {
    var (parts, plain, rest) = ([Part](), "", text[...])
    while let first = rest.first {
      if rest.hasPrefix(Self.opening), let end = rest.firstIndex(of: "}") {
        if !plain.isEmpty { parts.append(.plain(plain)) }
        parts.append(.credential(String(rest.dropFirst(Self.opening.count).prefix { $0 != "}" })))
        (plain, rest) = ("", rest[rest.index(after: end)...])
      } else {
        plain.append(first)
        rest = rest.dropFirst()
      }
    }
    return plain.isEmpty ? parts : parts + [.plain(plain)]
  }

  private static func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain = byte < 0x80 && (isName(String(Unicode.Scalar(byte))) || byte == UInt8(ascii: "~"))
      if isPlain || byte == UInt8(ascii: ".") { return String(Unicode.Scalar(byte)) }
      return (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}

extension Grammar where Value == SourceAddress {
  static let address = Grammar(
    bound: "a path or URL",
    parse: { text throws(Refusal) in try SourceAddress(text) }, spell: { $0.description })
}
