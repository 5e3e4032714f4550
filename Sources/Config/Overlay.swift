/// Values of the environment and of flags, by name.
struct Overlay {
  /// What begins like a key of ours and is none.
  private static let others: Set<String> = ["TANDEM_MODELS", "TANDEM_DECODE"]
  private let settings: DaemonSettings
  private let names: [String]
  /// `records`, `http`, …
  private let sections: [String]

  init(_ settings: DaemonSettings) {
    self.settings = settings
    names = settings.all.map(\.name)
    sections = Set(names.compactMap { $0.contains(".") ? String($0.prefix { $0 != "." }) : nil }).sorted()
  }

  /// `records.reader_buffer` becomes `TANDEM_RECORDS_READER_BUFFER`.
  static func variable(_ key: String) -> String {
    "TANDEM_" + String(key.uppercased().map { $0 == "." ? "_" : $0 })
  }

  /// Others may give us variables of this beginning too (`TANDEM_PORT`, by whoever runs a service of our name), so that
  /// only one of a section of ours, or nearly spelt like a key, is a problem.
  func environment(_ variables: [String: String], _ problems: inout Problems) -> [Assignment] {
    let keys = Dictionary(uniqueKeysWithValues: names.map { (Self.variable($0), $0) })
    let sections = (sections + ["sources"]).map { Self.variable($0) + "_" }
    var found: [Assignment] = []
    for name in variables.keys.sorted() where name.hasPrefix("TANDEM_") && !Self.others.contains(name) {
      if let key = keys[name] {
        found.append(Assignment(key: key, text: variables[name]!, origin: .variable(name)))
        continue
      }
      // The beginning that all share brings none nearer.
      let beginning = sections.first(where: name.hasPrefix) ?? "TANDEM_"
      let near = Nearest.name(
        to: String(name.dropFirst(beginning.count)),
        among: keys.keys.filter { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) })
      guard beginning != "TANDEM_" || near != nil else { continue }
      let hint = near.map { ", did you mean '\(beginning)\($0)'?" } ?? ""
      problems.add(ConfigProblem(place: Quoted.name(name), "", "unknown variable\(hint)"))
    }
    return found
  }

  /// - Parameter flags: `records.sync=20ms`, `sources.front.enabled=false`.
  func flags(_ flags: [String], _ problems: inout Problems) -> [Assignment] {
    flags.compactMap { flag in
      guard let equals = flag.firstIndex(of: "=") else {
        problems.add(ConfigProblem(place: "--set", "", "\(Quoted.text(flag)) is not KEY=VALUE"))
        return nil
      }
      let key = String(flag[..<equals])
      guard isKnown(key) else {
        let hint = near(key).map { ", did you mean '\($0)'?" } ?? ""
        problems.add(ConfigProblem(place: "--set", "", "unknown key \(Quoted.text(key))\(hint)"))
        return nil
      }
      return Assignment(key: key, text: String(flag[flag.index(after: equals)...]), origin: .flag)
    }
  }

  private func isKnown(_ key: String) -> Bool {
    guard let (name, key) = SourceKey.parts(key) else { return names.contains(key) }
    return isName(name) && settings.sources.contains { $0.name == key }
  }

  /// The key meant, where its section was left out or either half is misspelt.
  private func near(_ key: String) -> String? {
    if let (name, leaf) = SourceKey.parts(key) {
      guard isName(name) else { return nil }
      return Nearest.name(to: leaf, among: settings.sources.map(\.name)).map { "sources.\(name).\($0)" }
    }
    guard let dot = key.firstIndex(of: ".") else {
      return names.first { $0.hasSuffix(".\(key)") } ?? Nearest.name(to: key, among: names)
    }
    guard let section = Nearest.name(to: String(key[..<dot]), among: sections) else { return nil }
    let leaves = names.filter { $0.hasPrefix("\(section).") }.map { String($0.dropFirst(section.count + 1)) }
    return Nearest.name(to: String(key[key.index(after: dot)...]), among: leaves).map { "\(section).\($0)" }
  }
}
