/// A map of a file, read strictly: a key that is unknown or there twice is a problem.
struct FieldMap {
  /// Of keys, joined by dots.
  let path: String
  let line: Int
  /// Those that are known, in the order of the file.
  private(set) var entries: [Field.Entry] = []

  /// - Parameter known: nil where the keys are names that the user gives.
  /// - Returns: nil for a value that is no map.
  init?(_ field: Field, _ path: String, known: [String]?, _ problems: inout Problems) {
    guard case .map(let all) = field.content else {
      problems.add(line: field.line, path, field.complaint("a map of keys"))
      return nil
    }
    (self.path, line) = (path, field.line)
    var seen: Set<String> = []
    for entry in all {
      if let known, !known.contains(entry.key) {
        problems.add(
          line: entry.line, path,
          "unknown key \(Quoted.text(entry.key))\(Nearest.hint(entry.key, among: known))")
      } else if !seen.insert(entry.key).inserted {
        problems.add(line: entry.line, path, "has the key \(Quoted.text(entry.key)) twice")
      } else {
        entries.append(entry)
      }
    }
  }

  subscript(_ key: String) -> Field.Entry? { entries.first { $0.key == key } }

  func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// - Returns: nil where the key is not there, or its value is no text.
  func text(_ key: String, _ problems: inout Problems) -> String? {
    guard let entry = self[key] else { return nil }
    guard case .text(let text) = entry.value.content else {
      problems.add(line: entry.line, path(of: key), entry.value.complaint("one value"))
      return nil
    }
    return text
  }

  /// - Returns: nil where the key is not there, or its value is none of the grammar.
  func value<Value>(_ key: String, _ grammar: Grammar<Value>, _ problems: inout Problems) -> Value? {
    guard let entry = self[key], let text = text(key, &problems) else { return nil }
    do throws(Refusal) { return try grammar.parse(text) } catch {
      problems.add(line: entry.line, path(of: key), error.reason)
      return nil
    }
  }

  /// - Returns: nil where the key is not there, or its value is no list of texts.
  func texts(_ key: String, _ problems: inout Problems) -> [String]? {
    guard let entry = self[key] else { return nil }
    guard case .list(let fields) = entry.value.content else {
      problems.add(line: entry.line, path(of: key), entry.value.complaint("a list"))
      return nil
    }
    let texts = fields.compactMap { field in if case .text(let text) = field.content { text } else { nil } }
    guard texts.count == fields.count else {
      problems.add(line: entry.line, path(of: key), "holds more than plain values")
      return nil
    }
    return texts
  }
}

extension Field {
  fileprivate func complaint(_ wanted: String) -> String {
    switch content {
    case .nothing: "has no value"
    case .text: "is a plain value, not \(wanted)"
    case .list: "is a list, not \(wanted)"
    case .map: "is a map, not \(wanted)"
    }
  }
}
