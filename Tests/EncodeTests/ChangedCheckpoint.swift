import Encode
import Foundation
import Linear
import Testing

/// A golden checkpoint with some keys of one of its JSON files changed, in a folder of its own that goes with it.
final class ChangedCheckpoint {
  let path: String

  /// - Parameters:
  ///   - keys: "audio_config.depths": what is to stand there; nil takes the key away.
  ///   - removing: files that the copy does not have.
  init(
    _ golden: String, _ file: String = "config.json", _ keys: [String: Any?] = [:], removing: [String] = []
  ) throws {
    path = NSTemporaryDirectory() + "tandem-checkpoint-\(UUID())"
    try FileManager.default.copyItem(atPath: CheckpointCases.golden(golden), toPath: path)
    for name in removing { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    let place = URL(fileURLWithPath: "\(path)/\(file)")
    guard !keys.isEmpty else { return }
    let content = (try? Data(contentsOf: place)) ?? Data("{}".utf8)
    var object = try JSONSerialization.jsonObject(with: content) as? [String: Any] ?? [:]
    for (key, value) in keys { Self.set(key.split(separator: ".").map { String($0) }[...], value, in: &object) }
    try JSONSerialization.data(withJSONObject: object).write(to: place)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private static func set(_ key: ArraySlice<String>, _ value: Any?, in object: inout [String: Any]) {
    guard let first = key.first else { return }
    guard key.count > 1 else { return object[first] = value }
    var inner = object[first] as? [String: Any] ?? [:]
    set(key.dropFirst(), value, in: &inner)
    object[first] = inner
  }

  /// Changes the first value of a tensor, which is of float32.
  func set(_ value: Float, in tensor: String) throws {
    let place = URL(fileURLWithPath: "\(path)/model.safetensors")
    var data = try Data(contentsOf: place)
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: [String: Any]]
    let offset = 8 + length + (try #require((header?[tensor]?["data_offsets"] as? [Int])?.first))
    withUnsafeBytes(of: value) { data.replaceSubrange(offset..<offset + 4, with: $0) }
    try data.write(to: place)
  }

  /// What loading it says; nil where it can be loaded.
  func complaint(_ load: CheckpointCases.Loader) -> String? {
    do {
      _ = try load(try CheckpointFolder(path), try Engine(.openblas))
      return nil
    } catch { return String(describing: error) }
  }
}

/// Sizes that no model has.
let hostileSizes: [any Sendable] = [0, -1, 1 << 40, Int.max, -9e30, 1e300, 0.5, "many", [1], ["a": 1], true]
