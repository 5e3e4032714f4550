/// What is wrong with a configuration, in one line: `tandem.yaml:7: records.sync: '1s' is not between 1ms and 200ms`.
package struct ConfigProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// `FILE:LINE`, the variable, or the flag.
  let place: String
  /// Of the file, where it is one.
  let line: Int?
  /// Of keys, joined by dots; empty for the whole.
  let path: String
  let reason: String

  init(file: String, line: Int, _ path: String, _ reason: String) {
    self.init(place: "\(file):\(line)", line: line, path, reason)
  }

  init(place: String, line: Int? = nil, _ path: String, _ reason: String) {
    (self.place, self.line, self.path, self.reason) = (place, line, path, reason)
  }

  /// The same where so many lines stand before the text that do not belong to it.
  func up(_ lines: Int) -> ConfigProblem {
    guard let line, place.hasSuffix(":\(line)") else { return self }
    return ConfigProblem(file: String(place.dropLast("\(line)".count + 1)), line: max(1, line - lines), path, reason)
  }

  package var description: String { path.isEmpty ? "\(place): \(reason)" : "\(place): \(path): \(reason)" }
}

/// All that is wrong with a configuration.
package struct ConfigError: Error, Hashable, Sendable, CustomStringConvertible {
  /// At least one, those of a file in the order of its lines; beyond `most` their number stands last.
  package let problems: [ConfigProblem]

  package static let most = 20

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// The problems found so far.
struct Problems {
  /// What messages call the file.
  let file: String
  private var found: [ConfigProblem] = []
  private var more = 0

  init(file: String) { self.file = file }

  mutating func add(line: Int, _ path: String, _ reason: @autoclosure () -> String) {
    add(ConfigProblem(file: file, line: line, path, found.count < ConfigError.most ? reason() : ""))
  }

  mutating func add(_ problem: ConfigProblem) {
    if found.count < ConfigError.most { found.append(problem) } else { more += 1 }
  }

  /// - Throws: all of them, where there are any.
  func check() throws(ConfigError) {
    guard !found.isEmpty else { return }
    var sorted = found.enumerated().sorted {
      ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset)
    }.map(\.element)
    if more > 0 { sorted.append(ConfigProblem(place: file, "", "\(more) more problems")) }
    throw ConfigError(problems: sorted)
  }
}
