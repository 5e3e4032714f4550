/// The tensors of a checkpoint, read and converted to Float32 when asked for. Every error names file and tensor.
package struct Weights: Sendable {
  private let location: String
  private let files: [TensorFile]
  /// Which file holds a tensor.
  private let owners: [String: Int]
  /// Put before every name.
  package let prefix: String

  /// - Parameter path: a `.safetensors` file, or a folder with `model.safetensors` or its sharded index.
  package static func open(_ path: String) throws(LinearError) -> Weights {
    guard FileKind.isFolder(path) else { return try Weights(file: path) }
    let single = "\(path)/model.safetensors", index = "\(path)/model.safetensors.index.json"
    if try FileKind.exists(single) { return try Weights(file: single) }
    guard try FileKind.exists(index) else {
      throw .file(path: path, reason: "holds neither model.safetensors nor model.safetensors.index.json")
    }
    return try Weights(folder: path, index: index)
  }

  private init(file path: String) throws(LinearError) {
    let file = try TensorFile(path: path)
    location = path
    files = [file]
    owners = file.tensors.mapValues { _ in 0 }
    prefix = ""
  }

  private init(folder: String, index path: String) throws(LinearError) {
    let index = try ShardIndex(path: path)
    let shards = Set(index.files.values).sorted()
    var files: [TensorFile] = [], owners: [String: Int] = [:]
    for shard in shards { files.append(try TensorFile(path: "\(folder)/\(shard)")) }
    for (name, shard) in index.files {
      let number = shards.firstIndex(of: shard)!
      guard files[number].tensors[name] != nil else {
        throw .tensor(file: files[number].path, name: name, reason: "is promised by the index and not there")
      }
      owners[name] = number
    }
    location = folder
    self.files = files
    self.owners = owners
    prefix = ""
  }

  private init(_ other: Weights, prefix: String) {
    location = other.location
    files = other.files
    owners = other.owners
    self.prefix = prefix
  }

  /// The tensors whose names begin with `prefix`, which is then left out: `weights.under("vision_model.")`.
  package func under(_ prefix: String) -> Weights { Weights(self, prefix: self.prefix + prefix) }

  /// The first of `candidates` under which `anchor` exists: exports differ in their outermost prefix.
  package func prefix(anchor: String, candidates: [String]) throws(LinearError) -> String {
    for candidate in candidates where contains(candidate + anchor) { return candidate }
    throw .tensor(
      file: location, name: prefix + anchor,
      reason: "is not there, under any of " + candidates.map(\.debugDescription).joined(separator: ", "))
  }

  /// Full names, sorted.
  package var names: [String] { owners.keys.filter { $0.hasPrefix(prefix) }.sorted() }

  package func contains(_ name: String) -> Bool { owners[prefix + name] != nil }

  package func shape(_ name: String) throws(LinearError) -> [Int] { try find(name).tensor.shape }

  /// A tensor of exactly this shape, flat.
  package func values(_ name: String, _ shape: [Int]) throws(LinearError) -> [Float] {
    let found = try find(name, shape)
    var failure: LinearError?
    let count = shape.reduce(1, *)
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(LinearError) {
        if let base = buffer.baseAddress { try found.read(0..<count, base) }
        filled = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }

  /// Variances, as a batch norm has learnt them: [count].
  package func variances(_ name: String, count: Int) throws(LinearError) -> [Float] {
    let values = try values(name, [count])
    guard values.allSatisfy({ $0 >= 0 }) else {
      let found = try find(name)
      throw .tensor(file: found.file.path, name: found.name, reason: "holds a negative variance")
    }
    return values
  }

  /// A tensor of exactly this shape as [first, product of the others].
  package func matrix(_ name: String, _ shape: [Int]) throws(LinearError) -> Matrix {
    precondition(!shape.isEmpty, "a matrix has rows")
    let values = try values(name, shape)
    return Matrix(rows: shape[0], columns: shape.dropFirst().reduce(1, *), values: values)
  }

  /// A single number, of shape [] or [1].
  package func scalar(_ name: String) throws(LinearError) -> Float {
    let shape = try shape(name)
    return try values(name, shape == [1] ? [1] : [])[0]
  }

  /// `name.weight`, and `name.bias` where `hasBias`: [columns].
  package func layerNorm(
    _ name: String, columns: Int, epsilon: Float, hasBias: Bool = true
  ) throws(LinearError) -> LayerNorm {
    let weight = try values("\(name).weight", [columns])
    return LayerNorm(weight: weight, bias: hasBias ? try values("\(name).bias", [columns]) : nil, epsilon: epsilon)
  }

  /// `name.weight`: [columns].
  package func rmsNorm(_ name: String, columns: Int, epsilon: Float) throws(LinearError) -> RMSNorm {
    RMSNorm(columns: columns, weight: try values("\(name).weight", [columns]), epsilon: epsilon)
  }

  /// A tensor in its file.
  struct Found {
    let name: String
    let file: TensorFile
    let tensor: SafetensorsHeader.Tensor

    func read(_ range: Range<Int>, _ out: UnsafeMutablePointer<Float>) throws(LinearError) {
      try file.read(name, tensor, range, out)
    }

    /// Writes them to `out` from `place` on.
    func read(_ range: Range<Int>, _ place: Int, of out: inout [Float]) throws(LinearError) {
      precondition(place >= 0 && place + range.count <= out.count, "room for what is read")
      try read(range, &out, place)
    }

    private func read(_ range: Range<Int>, _ out: UnsafeMutablePointer<Float>, _ place: Int) throws(LinearError) {
      try file.read(name, tensor, range, out + place)
    }
  }

  func find(_ name: String) throws(LinearError) -> Found {
    let name = prefix + name
    guard let owner = owners[name], let tensor = files[owner].tensors[name] else {
      throw .tensor(file: location, name: name, reason: "is not there")
    }
    return Found(name: name, file: files[owner], tensor: tensor)
  }

  func find(_ name: String, _ shape: [Int]) throws(LinearError) -> Found {
    let found = try find(name)
    guard found.tensor.shape == shape else {
      let reason = "has the shape \(found.tensor.shape), not \(shape)"
      throw .tensor(file: found.file.path, name: found.name, reason: reason)
    }
    return found
  }
}
