import FoundationEssentials

/// `model.safetensors.index.json`: which file of the folder holds which tensor.
struct ShardIndex: Decodable {
  /// Tensor to file.
  let files: [String: String]

  private enum CodingKeys: String, CodingKey { case files = "weight_map" }

  init(path: String) throws(LinearError) {
    let file = try OpenFile(path: path)
    guard file.size <= SafetensorsHeader.limit else { throw .file(path: path, reason: "is too large for an index") }
    let bytes = try file.read(0..<file.size)
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    } catch {
      throw .file(path: path, reason: "is not JSON with a weight_map of names")
    }
    for name in Set(files.values).sorted() {
      let isPlain = name.hasSuffix(".safetensors") && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
      guard isPlain else {
        throw .file(path: path, reason: "names a file outside its folder: \(name.debugDescription)")
      }
    }
  }
}
