import Linear

/// How a transformer of a checkpoint is built, by its configuration.
struct TransformerSizes: Sendable {
  var layers = 12
  var block: BlockShape

  /// The class's own values.
  init(width: Int, heads: Int, inner: Int, activation: Activation, epsilon: Float) {
    block = BlockShape(width: width, heads: heads, inner: inner, activation: activation, epsilon: epsilon)
  }

  /// - Throws: `LinearError.file` naming the key that no model could have.
  init(_ settings: Settings, standard: TransformerSizes) throws(LinearError) {
    let own = standard.block
    layers = try settings.count("num_hidden_layers", default: standard.layers, in: 1...512)
    let width = try settings.count("hidden_size", default: own.width, in: 1...65536)
    let heads = try settings.count("num_attention_heads", default: own.heads, in: 1...4096)
    guard width % heads == 0 else {
      throw settings.wrong("num_attention_heads", "\(heads) does not divide hidden_size \(width)")
    }
    block = BlockShape(
      width: width, heads: heads, inner: try settings.count("intermediate_size", default: own.inner, in: 1...1 << 20),
      activation: try settings.activation("hidden_act", default: own.activation),
      epsilon: try settings.number("layer_norm_eps", default: own.epsilon))
    guard block.epsilon >= 0 else { throw settings.wrong("layer_norm_eps", "is negative") }
  }

  /// - Parameters: see `Settings.checkLayers`.
  func check(_ settings: Settings, tokens: Int, together: Int) throws(LinearError) {
    try settings.checkLayers(
      tokens: tokens, together: together, ("intermediate_size", block.inner), ("hidden_size", 3 * block.width))
  }
}

/// How a picture is cut into tokens.
struct PatchGrid: Sendable {
  /// Pixels along a side of a patch.
  let patch: Int
  /// Patches along a side of the picture.
  let side: Int

  var patches: Int { side * side }
  var picture: Int { side * patch }
  /// Of one patch.
  var samples: Int { 3 * patch * patch }

  init(_ settings: Settings, picture: Int, patch: Int) throws(LinearError) {
    let picture = try settings.count("image_size", default: picture, in: 1...4096)
    self.patch = try settings.count("patch_size", default: patch, in: 1...1024)
    side = picture / self.patch
    guard side >= 1 && side <= 128 else {
      throw settings.wrong("patch_size", "\(self.patch) makes \(side) × \(side) patches of a picture of \(picture)")
    }
    _ = try settings.count("num_channels", default: 3, in: 3...3)
  }

  /// - Parameter classes: tokens beside the patches.
  /// - Throws: where a transformer of these sizes would need too much memory.
  func check(_ sizes: TransformerSizes, classes: Int, _ settings: Settings) throws(LinearError) {
    let (tokens, together) = (classes + patches, PictureTower.together)
    try sizes.check(settings, tokens: tokens, together: together)
    try settings.checkLayers(tokens: tokens, together: together, ("patch_size", samples))
  }

  /// - Throws: where the processor makes pictures of another size than the grid takes.
  func check(_ processor: ImageProcessor, _ folder: CheckpointFolder) throws(LinearError) {
    if let size = processor.size, size.width / patch == side, size.height / patch == side { return }
    let made = processor.size.map { "\($0.width) × \($0.height)" } ?? "various"
    throw .file(
      path: folder.path, reason: "the image processor makes pictures of \(made) pixels, the model takes \(picture)")
  }
}
