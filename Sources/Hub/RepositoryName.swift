/// `org/name` or `org/name@revision` of a hub.
package struct RepositoryName: Equatable, Sendable, CustomStringConvertible {
  package let organisation: String
  package let name: String
  /// A branch, a tag or a commit.
  package let revision: String

  /// Nil where the text is neither.
  package init?(_ text: String) {
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts.allSatisfy(Self.isPlain) else { return nil }
    (organisation, name) = (parts[0], parts[1])
    revision = halves.count == 2 ? halves[1] : "main"
    let steps = revision.split(separator: "/", omittingEmptySubsequences: false)
    guard steps.allSatisfy({ Self.isPlain(String($0)) }) else { return nil }
  }

  package var description: String { "\(organisation)/\(name)" }

  /// Letters, digits, `-`, `_` and `.`, which is not the first.
  private static func isPlain(_ part: String) -> Bool {
    let isKnown = part.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-_.".utf8.contains(byte)
    }
    return isKnown && !part.isEmpty && part.utf8.count <= 96 && !part.hasPrefix(".") && !part.hasPrefix("-")
  }
}
