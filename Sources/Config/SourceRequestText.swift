extension SourceConfig {
  /// One source as a request describes it: what would stand below its name in a file, as YAML or JSON; but no
  /// credentials, which a request could have sent to any host.
  /// - Throws: all that is wrong, by the lines of the request.
  package init(named name: String, _ text: String, _ words: Vocabulary) throws(ConfigError) {
    guard isName(name) else {
      let problem = ConfigProblem(
        place: "request", "sources", "\(Quoted.text(name)) is no name of a source (letters, digits, . _ -, at most 64)")
      throw ConfigError(problems: [problem])
    }
    // Indented, no line of it can stand outside of the source.
    let lines = text.split(omittingEmptySubsequences: false) { Self.lineBreaks.contains($0) }.map { "    \($0)" }
    let block = "sources:\n  \"\(name)\":\n\(lines.joined(separator: "\n"))\n"
    let source: SourceConfig
    do throws(ConfigError) {
      source = try DaemonConfig(ConfigInput(file: "request", text: block), words).sources[0]
    } catch { throw ConfigError(problems: error.problems.map { $0.up(2) }) }
    guard !source.url.namesCredentials else {
      let reason = "only the configuration file may name credentials"
      throw ConfigError(problems: [ConfigProblem(place: "request", "sources.\(name).url", reason)])
    }
    self = source
  }

  /// All that ends a line of YAML.
  private static let lineBreaks: Set<Character> = ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"]
}
