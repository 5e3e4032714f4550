package import Linear

/// A JSON object of a checkpoint's configuration, read key by key. A key that is absent or null has its default; a
/// value of the wrong kind or out of range is an error that names file and key.
package struct Settings: Sendable {
  private let file: String
  /// Put before every key: "vision_config."
  private let prefix: String
  private let values: [String: Setting]

  /// `name` of the folder; nil where there is no such file.
  package static func read(_ name: String, of folder: CheckpointFolder) throws(LinearError) -> Settings? {
    guard let all = try folder.optional([String: Setting].self, name) else { return nil }
    return Settings(file: "\(folder.path)/\(name)", prefix: "", values: all)
  }

  /// config.json.
  package static func configuration(of folder: CheckpointFolder) throws(LinearError) -> Settings {
    Settings(file: "\(folder.path)/config.json", prefix: "", values: try folder.configuration())
  }

  package func contains(_ key: String) -> Bool { value(key) != nil }

  /// The object under `key`; empty where there is none.
  package func table(_ key: String) throws(LinearError) -> Settings {
    switch value(key) {
    case nil: Settings(file: file, prefix: "\(prefix)\(key).", values: [:])
    case .table(let values): Settings(file: file, prefix: "\(prefix)\(key).", values: values)
    default: throw wrong(key, "is no object")
    }
  }

  /// A whole number.
  package func count(
    _ key: String, default standard: Int, in range: ClosedRange<Int>
  ) throws(LinearError) -> Int {
    guard let value = value(key) else { return standard }
    guard case .number(let number) = value, let count = Int(exactly: number), range.contains(count) else {
      throw wrong(key, "is no whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return count
  }

  package func number(_ key: String, default standard: Float) throws(LinearError) -> Float {
    guard let value = value(key) else { return standard }
    guard case .number(let number) = value, Float(number).isFinite else { throw wrong(key, "is no number") }
    return Float(number)
  }

  /// Exactly `count` numbers.
  package func numbers(_ key: String, default standard: [Float], count: Int) throws(LinearError) -> [Float] {
    guard let value = value(key) else { return standard }
    guard case .list(let list) = value, list.count == count else { throw wrong(key, "is no list of \(count) numbers") }
    var numbers: [Float] = []
    for case .number(let number) in list where Float(number).isFinite { numbers.append(Float(number)) }
    guard numbers.count == count else { throw wrong(key, "is no list of \(count) numbers") }
    return numbers
  }

  /// A list of rows of as many whole numbers as there are ranges; nil where the key is absent.
  package func counts(_ key: String, in ranges: [ClosedRange<Int>]) throws(LinearError) -> [[Int]]? {
    guard let value = value(key) else { return nil }
    guard case .list(let rows) = value else { throw wrong(key, "is no list") }
    var counts: [[Int]] = []
    for row in rows {
      guard case .list(let row) = row, let numbers = Self.counts(row, ranges) else {
        throw wrong(key, "is no list of rows of \(ranges.count) sensible numbers")
      }
      counts.append(numbers)
    }
    return counts
  }

  private static func counts(_ row: [Setting], _ ranges: [ClosedRange<Int>]) -> [Int]? {
    guard row.count == ranges.count else { return nil }
    var counts: [Int] = []
    for case (.number(let number), let range) in zip(row, ranges) {
      guard let count = Int(exactly: number), range.contains(count) else { return nil }
      counts.append(count)
    }
    return counts.count == row.count ? counts : nil
  }

  package func flag(_ key: String, default standard: Bool) throws(LinearError) -> Bool {
    guard let value = value(key) else { return standard }
    guard case .flag(let flag) = value else { throw wrong(key, "is neither true nor false") }
    return flag
  }

  package func text(_ key: String) throws(LinearError) -> String? {
    guard let value = value(key) else { return nil }
    guard case .text(let text) = value else { throw wrong(key, "is no text") }
    return text
  }

  package func activation(_ key: String, default standard: Activation) throws(LinearError) -> Activation {
    guard let name = try text(key) else { return standard }
    guard let activation = Activation(rawValue: name) else {
      throw wrong(key, "\(name.prefix(32).debugDescription) is no activation known here")
    }
    return activation
  }

  /// Whether a key holds an object, for keys that may also hold a number.
  package func holdsTable(_ key: String) -> Bool {
    if case .table = value(key) { true } else { false }
  }

  package func wrong(_ key: String, _ reason: String) -> LinearError {
    .file(path: file, reason: "\(prefix)\(key) \(reason)")
  }

  private func value(_ key: String) -> Setting? {
    guard let value = values[key], value != .null else { return nil }
    return value
  }
}

/// A JSON value.
package indirect enum Setting: Decodable, Equatable, Sendable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([Setting])
  case table([String: Setting])

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([Setting].self) {
      self = .list(list)
    } else {
      self = .table(try container.decode([String: Setting].self))
    }
  }
}
