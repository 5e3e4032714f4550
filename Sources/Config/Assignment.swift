/// A value for a key, and who gives it.
struct Assignment {
  /// `records.sync`, `sources.front.url`.
  let key: String
  let text: String
  let origin: Origin
}

/// Who gave a key its value.
enum Origin: Hashable {
  case line(Int)
  /// `TANDEM_RECORDS_SYNC`.
  case variable(String)
  /// `--set`.
  case flag

  /// - Parameter file: what messages call it.
  func problem(in file: String, _ path: String, _ reason: String) -> ConfigProblem {
    switch self {
    case .line(let line): ConfigProblem(file: file, line: line, path, reason)
    case .variable(let name): ConfigProblem(place: name, path, reason)
    case .flag: ConfigProblem(place: "--set", path, reason)
    }
  }
}

/// `sources.NAME.key`, where the name may have dots too.
enum SourceKey {
  static func parts(_ key: String) -> (name: String, key: String)? {
    guard key.hasPrefix("sources."), let dot = key.lastIndex(of: "."), key[..<dot].contains(".") else { return nil }
    return (String(key[..<dot].dropFirst(8)), String(key[key.index(after: dot)...]))
  }
}
