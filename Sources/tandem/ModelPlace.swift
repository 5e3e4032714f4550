/// Where a model that was named lies.
enum ModelPlace {
  case builtin
  /// A folder with config.json.
  case checkpoint(String)
  /// A YAML file.
  case recipe(String)

  /// - Throws: `Failure` 78 when there is nothing of that name.
  init(_ name: String) throws {
    if name == "builtin" || name == "builtin/1" {
      self = .builtin
      return
    }
    for path in [name] + Self.searchPath.map({ "\($0)/\(name)" }) {
      if let found = Self.at(path) ?? Self.at(path + ".yaml") {
        self = found
        return
      }
    }
    throw Failure(
      message:
        "model \(shown(name)): not found here or under \(Self.searchPath.map { shown($0) }.joined(separator: ", "))",
      exitCode: 78)
  }

  /// The user's folders, then the machine's.
  static var searchPath: [String] { named + cache + ["/var/lib/tandem/models", "/usr/share/tandem/models"] }

  /// Where models are pulled to, into the first that can be written.
  static var ownFolders: [String] { named.isEmpty ? cache : named }

  /// `$TANDEM_MODELS`, folders with colons between.
  private static var named: [String] { environment("TANDEM_MODELS")?.split(separator: ":").map(String.init) ?? [] }

  private static var cache: [String] { environment("HOME").map { ["\($0)/.cache/tandem/models"] } ?? [] }

  /// What stands under the search path: names and places, each name once, in byte order within a folder.
  static func all() -> [(name: String, place: ModelPlace)] {
    var known: Set<String> = []
    return searchPath.flatMap { root in found(below: root, prefix: "", depth: 2) }.filter {
      known.insert($0.name).inserted
    }
  }

  private static func found(below folder: String, prefix: String, depth: Int) -> [(name: String, place: ModelPlace)] {
    ((try? entries(of: folder)) ?? []).flatMap { entry -> [(name: String, place: ModelPlace)] in
      let path = "\(folder)/\(entry)"
      if let place = at(path) {
        let name = prefix + (entry.hasSuffix(".yaml") ? String(entry.dropLast(5)) : entry)
        return [(name, place)]
      }
      return depth > 1 && isDirectory(path) ? found(below: path, prefix: "\(prefix)\(entry)/", depth: depth - 1) : []
    }
  }

  private static func at(_ path: String) -> ModelPlace? {
    if isFile("\(path)/config.json") { return .checkpoint(path) }
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml"), isFile(path) { return .recipe(path) }
    return nil
  }
}
