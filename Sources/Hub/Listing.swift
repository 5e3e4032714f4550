import FoundationEssentials

/// The files of a repository at one commit, as the hub's API lists them.
struct Listing: Equatable {
  /// In lower-case hex.
  let commit: String
  /// Those that a checkpoint is read from, by name.
  let files: [RemoteFile]

  var size: Int { files.reduce(0) { $0 + $1.size } }

  /// - Throws: `HubError.unusable` where the answer is none, a name leaves the folder, or there are no safetensors.
  init(_ json: [UInt8], of name: RepositoryName) throws(HubError) {
    let answer: Answer
    do { answer = try JSONDecoder().decode(Answer.self, from: Data(json)) } catch {
      throw .unusable("\(name): the hub's answer is no list of files")
    }
    guard Self.isHex(answer.sha, 40) else { throw .unusable("\(name): the hub names no commit") }
    let names = answer.siblings.map(\.rfilename)
    for file in names where !Self.staysInside(file) {
      throw .unusable("\(name): a file of this name leaves the folder: \(file.prefix(80).debugDescription)")
    }
    let wanted = try Self.wanted(names, name)
    for file in wanted where !Self.isPlain(file) {
      throw .unusable("\(name): a file of this name is not fetched: \(file.prefix(80).debugDescription)")
    }
    var files: [RemoteFile] = []
    for sibling in answer.siblings where wanted.contains(sibling.rfilename) {
      guard let file = sibling.file else {
        throw .unusable("\(name): the hub gives no size or checksum of \(sibling.rfilename)")
      }
      files.append(file)
    }
    guard Set(files.map(\.name)).count == files.count, files.reduce(0.0, { $0 + Double($1.size) }) < 0x1p60 else {
      throw .unusable("\(name): the hub's list of files contradicts itself")
    }
    commit = answer.sha
    self.files = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// What a checkpoint is read from; weights in other formats, pictures and programs stay where they are.
  private static func wanted(_ names: [String], _ repository: RepositoryName) throws(HubError) -> Set<String> {
    let weights =
      names.contains("model.safetensors")
      ? ["model.safetensors"]
      : names.contains("model.safetensors.index.json")
        ? ["model.safetensors.index.json"]
          + names.filter { $0.hasPrefix("model-") && $0.hasSuffix(".safetensors") && !$0.contains("/") }
        : []
    guard weights.contains(where: { $0.hasSuffix(".safetensors") }) else {
      let others = names.filter { name in
        [".bin", ".pt", ".pth", ".h5", ".msgpack", ".onnx", ".gguf"].contains { name.hasSuffix($0) }
      }
      let instead = others.first.map { ", only \($0.prefix(80))" } ?? ""
      throw .unusable("\(repository): no model.safetensors in this repository\(instead)")
    }
    guard names.contains("config.json") else { throw .unusable("\(repository): no config.json in this repository") }
    let configurations = names.filter { settings.contains($0) || isModule($0) }
    return Set(weights + configurations)
  }

  private static let settings: Set<String> = [
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "preprocessor_config.json",
    "processor_config.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
  ]

  /// `1_Pooling/config.json` and its like.
  private static func isModule(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && parts[1] == "config.json" && parts[0].first?.isNumber == true && parts[0].contains("_")
  }

  /// By bytes, as the system does: a slash and an accent after it are one character, and a slash nevertheless.
  private static func staysInside(_ name: String) -> Bool {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isClean = name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }
    return isClean
      && parts.allSatisfy { part in
        !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8) && part.count <= 255
      }
  }

  /// Letters, digits, `.`, `_` and `-`, with slashes between.
  private static func isPlain(_ name: String) -> Bool {
    name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "._-/".utf8.contains(byte)
    }
  }

  fileprivate static func isHex(_ text: String, _ count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }
}

/// A file of a repository.
struct RemoteFile: Equatable {
  enum Checksum: Equatable {
    case sha256(String)
    /// Git's name of the blob.
    case blob(String)
  }

  let name: String
  /// Bytes.
  let size: Int
  let checksum: Checksum
}

/// As the API spells it.
private struct Answer: Decodable {
  struct Sibling: Decodable {
    struct LargeFile: Decodable {
      let sha256: String
      let size: Int?
    }

    let rfilename: String
    let size: Int?
    let blobId: String?
    let lfs: LargeFile?

    var file: RemoteFile? {
      guard let size = size ?? lfs?.size, size >= 0 else { return nil }
      if let lfs {
        guard Listing.isHex(lfs.sha256, 64) else { return nil }
        return RemoteFile(name: rfilename, size: size, checksum: .sha256(lfs.sha256))
      }
      guard let blobId, Listing.isHex(blobId, 40) else { return nil }
      return RemoteFile(name: rfilename, size: size, checksum: .blob(blobId))
    }
  }

  let sha: String
  let siblings: [Sibling]
}
