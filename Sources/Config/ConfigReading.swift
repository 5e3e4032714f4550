/// What decides a configuration, by rank: flags, the environment, the file, the defaults.
package struct ConfigInput: Sendable {
  /// What messages call the file.
  package var file: String
  /// Of the file; nil where there is none.
  package var text: String?
  package var environment: [String: String]
  /// `records.sync=20ms`
  package var flags: [String]

  package init(file: String, text: String?, environment: [String: String] = [:], flags: [String] = []) {
    self.file = file
    self.text = text
    self.environment = environment
    self.flags = flags
  }
}

extension DaemonConfig {
  /// - Throws: all that is wrong, each in one line.
  package init(_ input: ConfigInput, _ words: Vocabulary) throws(ConfigError) {
    self = try ConfigReading(input, words).config
  }
}

/// A configuration being put together.
struct ConfigReading {
  private(set) var config: DaemonConfig
  /// Who gave which key.
  private(set) var origins: [String: Origin] = [:]
  private let defaults: DaemonConfig
  private let settings: DaemonSettings
  private var problems: Problems

  /// - Throws: all that is wrong, each in one line.
  init(_ input: ConfigInput, _ words: Vocabulary) throws(ConfigError) {
    settings = DaemonSettings(words)
    defaults = DaemonConfig(environment: input.environment)
    config = defaults
    problems = Problems(file: input.file)
    let overlay = Overlay(settings)
    var assignments: [Assignment] = []
    if let text = input.text { assignments += try file(text) }
    assignments += overlay.environment(input.environment, &problems)
    assignments += overlay.flags(input.flags, &problems)
    let keys = Dictionary(uniqueKeysWithValues: settings.all.map { ($0.name, $0) })
    for assignment in assignments { assign(assignment, keys) }
    checkRules()
    try problems.check()
  }

  /// Remembers that a rule between keys is broken, at the place of the first that was given.
  mutating func breaks(_ keys: String..., reason: String) {
    let given = keys.first { origins[$0] != nil }
    let origin = given.flatMap { origins[$0] } ?? .line(1)
    problems.add(origin.problem(in: problems.file, given ?? keys[0], reason))
  }

  private mutating func assign(_ assignment: Assignment, _ keys: [String: Setting<DaemonConfig>]) {
    origins[assignment.key] = assignment.origin  // a value that is refused was given too
    do throws(Refusal) {
      if let setting = keys[assignment.key] {
        try setting.read(assignment.text, into: &config, defaults: defaults)
      } else if let (name, key) = SourceKey.parts(assignment.key) {
        if origins["sources.\(name)"] == nil { origins["sources.\(name)"] = assignment.origin }
        try assign(assignment.text, key, ofSource: name)
      }
    } catch { problems.add(assignment.origin.problem(in: problems.file, assignment.key, error.reason)) }
  }

  private mutating func assign(_ text: String, _ key: String, ofSource name: String) throws(Refusal) {
    guard let setting = settings.sources.first(where: { $0.name == key }) else { return }
    let index = sourceIndex(name)
    try setting.read(text, into: &config.sources[index], defaults: SourceConfig(name: name))
  }

  private mutating func sourceIndex(_ name: String) -> Int {
    if let index = config.sources.firstIndex(where: { $0.name == name }) { return index }
    config.sources.append(SourceConfig(name: name))
    return config.sources.count - 1
  }
}

// What the file says.
extension ConfigReading {
  /// The values of the file, by key.
  private mutating func file(_ text: String) throws(ConfigError) -> [Assignment] {
    let root: Field
    do throws(ConfigProblem) { root = try YAMLDocument.parse(text, problems.file) } catch {
      throw ConfigError(problems: [error])
    }
    return section("", root)
  }

  private mutating func section(_ path: String, _ field: Field) -> [Assignment] {
    let names = keys(below: path)
    guard let map = FieldMap(field, path, known: names, &problems) else { return [] }
    var found: [Assignment] = []
    for entry in map.entries {
      let key = map.path(of: entry.key)
      if key == "sources" {
        found += sources(entry.value)
      } else if !keys(below: key).isEmpty {
        found += section(key, entry.value)
      } else if let text = map.text(entry.key, &problems) {
        found.append(Assignment(key: key, text: text, origin: .line(entry.line)))
      }
    }
    return found
  }

  /// `["model", "window", …, "records", …]` below the root, `["socket", …]` below `records`.
  private func keys(below path: String) -> [String] {
    let beginning = path.isEmpty ? "" : "\(path)."
    var names: [String] = []
    for setting in settings.all where setting.name.hasPrefix(beginning) {
      let name = String(setting.name.dropFirst(beginning.count).prefix { $0 != "." })
      if !names.contains(name) { names.append(name) }
    }
    return path.isEmpty ? names + ["sources"] : names
  }

  private mutating func sources(_ field: Field) -> [Assignment] {
    guard let map = FieldMap(field, "sources", known: nil, &problems) else { return [] }
    guard map.entries.count <= SourceConfig.most else {
      problems.add(line: map.line, "sources", "are \(map.entries.count), more than \(SourceConfig.most)")
      return []
    }
    origins["sources"] = .line(map.line)
    var found: [Assignment] = []
    for entry in map.entries {
      guard isName(entry.key) else {
        problems.add(
          line: entry.line, "sources",
          "\(Quoted.text(entry.key)) is no name of a source (letters, digits, . _ -, at most 64)")
        continue
      }
      let path = "sources.\(entry.key)"
      guard let source = FieldMap(entry.value, path, known: settings.sources.map(\.name), &problems) else { continue }
      origins[path] = .line(entry.line)
      _ = sourceIndex(entry.key)  // also one without any key: it has no url
      for entry in source.entries {
        guard let text = source.text(entry.key, &problems) else { continue }
        found.append(Assignment(key: source.path(of: entry.key), text: text, origin: .line(entry.line)))
      }
    }
    return found
  }
}
