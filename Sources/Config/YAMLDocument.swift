import Media
import Yams

/// A YAML file as a tree of plain values. The only file that knows Yams.
enum YAMLDocument {
  static let longest = 1 << 20
  private static let deepest = 16
  /// Yams hashes keys with their aliases expanded, so that a file of many could double for ever before we see it.
  private static let mostStars = 16

  /// - Parameter file: what messages call it.
  /// - Returns: the root; of a file without any value a map without entries.
  /// - Throws: one problem with its line: no YAML, too long or deep, aliases.
  static func parse(_ text: String, _ file: String) throws(ConfigProblem) -> Field {
    func refused(_ line: Int, _ reason: String) -> ConfigProblem { ConfigProblem(file: file, line: line, "", reason) }
    guard text.utf8.count <= longest else { throw refused(1, "is longer than \(ByteCount.spelling(longest))") }
    // What was no UTF-8 has become this letter.
    if let line = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).firstIndex(where: {
      $0.unicodeScalars.contains("\u{FFFD}")
    }) {
      throw refused(line + 1, "is not UTF-8")
    }
    if let line = lineOfStar(text, number: mostStars) { throw refused(line, "has more than \(mostStars) '*'") }
    do {
      // A resolver would match every scalar with expressions; an encoding by default may speak on standard output.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      // It owns the anchors of the nodes.
      let root = try withExtendedLifetime(parser) { try parser.singleRoot().map { try field($0, 1, depth: 0) } }
      guard let root else { return Field(line: 1, content: .map([])) }
      if case .nothing = root.content { return Field(line: 1, content: .map([])) }
      return root
    } catch let fault as Fault {
      throw refused(fault.line, fault.reason)
    } catch let error as YamlError {
      throw refused(error.line, error.reason)
    } catch { throw refused(1, "cannot be read") }
  }

  private struct Fault: Error {
    let line: Int
    let reason: String
  }

  private static func field(_ node: Node, _ outer: Int, depth: Int) throws(Fault) -> Field {
    let line = node.mark?.line ?? outer
    guard depth < deepest else { throw Fault(line: line, reason: "is nested deeper than \(deepest)") }
    guard node.anchor == nil else { throw Fault(line: line, reason: "has an anchor or alias, which are not used here") }
    switch node {
    case .scalar(let scalar): return Field(line: line, content: content(scalar))
    case .sequence(let nodes):
      var list: [Field] = []
      for node in nodes { list.append(try field(node, line, depth: depth + 1)) }
      return Field(line: line, content: .list(list))
    case .mapping(let pairs):
      var map: [Field.Entry] = []
      for (key, value) in pairs {
        let place = try field(key, line, depth: depth + 1)
        guard case .text(let name) = place.content else {
          throw Fault(line: place.line, reason: "has a key without name")
        }
        map.append(.init(key: name, line: place.line, value: try field(value, place.line, depth: depth + 1)))
      }
      return Field(line: line, content: .map(map))
    case .alias: throw Fault(line: line, reason: "has an alias, which are not used here")
    }
  }

  private static func content(_ scalar: Node.Scalar) -> Field.Content {
    let isNothing = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    return isNothing ? .nothing : .text(scalar.string)
  }

  /// Where the star after so many stands. A line that begins with # holds no alias, whatever it is inside of.
  private static func lineOfStar(_ text: String, number: Int) -> Int? {
    var count = 0
    for (n, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      guard line.first(where: { $0 != " " && $0 != "\t" }) != "#" else { continue }
      count += line.utf8.count { $0 == UInt8(ascii: "*") }
      if count > number { return n + 1 }
    }
    return nil
  }
}

extension YamlError {
  /// From 1.
  fileprivate var line: Int {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): max(1, mark.line)
    case .reader(_, let offset, _, let text): 1 + text.prefix(offset ?? 0).count { $0.isNewline }
    case .duplicatedKeysInMapping(_, let context): max(1, context.mark.line)
    default: 1
    }
  }

  /// What the library found, without what stands there: that may be secret.
  fileprivate var reason: String {
    switch self {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _),
      .reader(let problem, _, _, _):
      "is not valid YAML: \(problem)"
    case .duplicatedKeysInMapping(let keys, _): "has the key \(keys.first.map(Quoted.text) ?? "") twice"
    default: "is not valid YAML"
    }
  }
}
