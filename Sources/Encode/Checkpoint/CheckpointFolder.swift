import FoundationEssentials
package import Linear
package import Media

/// A checkpoint folder in Hugging Face layout.
package struct CheckpointFolder: Sendable {
  package let path: String
  package let weights: Weights
  /// `model_type` of config.json: names the family.
  package let family: String
  private let wanted: Set<Modality>

  /// - Parameter wanted: encoders of other modalities are not loaded.
  /// - Throws: `LinearError` naming the file.
  package init(_ path: String, wanted: Set<Modality> = Set(Modality.allCases)) throws(LinearError) {
    self.path = path
    self.wanted = wanted
    family = try Self.decode(FamilyName.self, "\(path)/config.json").modelType
    weights = try Weights.open(path)
  }

  /// config.json as a family reads it.
  package func configuration<Configuration: Decodable>(
    _ type: Configuration.Type = Configuration.self
  ) throws(LinearError) -> Configuration {
    try Self.decode(type, "\(path)/config.json")
  }

  /// The first of these JSON files that is there; nil when none is.
  /// - Throws: `LinearError` naming a file that is there and cannot be read.
  package func optional<Configuration: Decodable>(
    _ type: Configuration.Type = Configuration.self, _ names: String...
  ) throws(LinearError) -> Configuration? {
    for name in names where try has(name) { return try Self.decode(type, "\(path)/\(name)") }
    return nil
  }

  func wants(_ modality: Modality) -> Bool { wanted.contains(modality) }

  /// Whether there is such a file, readable or not.
  package func has(_ name: String) throws(LinearError) -> Bool { try FileKind.exists("\(path)/\(name)") }

  private struct FamilyName: Decodable {
    let modelType: String

    enum CodingKeys: String, CodingKey { case modelType = "model_type" }
  }

  /// Larger files are no configuration.
  private static let sizeLimit = 1 << 20

  private static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws(LinearError) -> Value {
    let file = try OpenFile(path: path)
    guard file.size <= sizeLimit else { throw .file(path: path, reason: "is too large for a configuration") }
    let bytes = try file.read(0..<file.size)
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw .file(path: path, reason: reason(error))
    } catch { throw .file(path: path, reason: "is no JSON") }
  }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "has no \(key.stringValue)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is of the wrong kind"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
    default: "is no JSON"
    }
  }
}
