import Linear

/// The sizes of an HTSAT, all of which fit.
struct HTSATShape: Sendable {
  /// Pixels of the square picture's side.
  let side: Int
  let bands: Int
  /// Pixels of a patch's side.
  let patch: Int
  let window: Int
  /// C of the first stage.
  let width: Int
  /// Blocks of each stage.
  let depths: [Int]
  let blocks: [BlockShape]

  /// Pieces into which time is cut; they lie one above the other in the picture.
  var folds: Int { side / bands }

  func grid(_ stage: Int) -> SwinGrid { SwinGrid(side: (side / patch) >> stage, window: window) }

  /// settings: `audio_config`
  init(_ settings: Settings) throws(LinearError) {
    side = try settings.count("spec_size", default: 256, in: 1...1 << 11)
    bands = try settings.count("num_mel_bins", default: 64, in: 1...1 << 10)
    patch = try settings.count("patch_size", default: 4, in: 1...64)
    window = try settings.count("window_size", default: 8, in: 1...16)
    width = try settings.count("patch_embeds_hidden_size", default: 96, in: 1...1 << 13)
    depths = try settings.counts("depths", default: [2, 2, 6, 2], in: 1...1 << 8)
    blocks = try Self.blocks(settings, width, depths.count)
    try check(settings)
  }

  private static func blocks(_ settings: Settings, _ width: Int, _ stages: Int) throws(LinearError) -> [BlockShape] {
    let heads = try settings.counts("num_attention_heads", default: [4, 8, 16, 32], in: 1...128)
    let ratio = try settings.number("mlp_ratio", default: 4)
    guard ratio >= 0.1 && ratio <= 64 else { throw settings.wrong("mlp_ratio", "is not between 0.1 and 64") }
    let activation = try settings.activation("hidden_act", default: .gelu)
    let epsilon = try settings.epsilon("layer_norm_eps", 1e-5)
    var blocks: [BlockShape] = []
    for stage in 0..<stages {
      let columns = width << stage
      guard columns % heads[stage] == 0 else {
        throw settings.wrong("num_attention_heads", "\(heads[stage]) do not divide the width \(columns)")
      }
      blocks.append(
        BlockShape(
          width: columns, heads: heads[stage], inner: max(1, Int(ratio * Float(columns))), activation: activation,
          epsilon: epsilon))
    }
    return blocks
  }

  private func check(_ settings: Settings) throws(LinearError) {
    let step = try settings.counts("patch_stride", default: [patch, patch], in: 1...64)
    guard step == [patch, patch] else { throw settings.wrong("patch_stride", "differs from patch_size") }
    guard try settings.count("patch_embed_input_channels", default: 1, in: 1...64) == 1,
      try settings.text("fusion_type") != "channel_map"
    else { throw settings.wrong("patch_embed_input_channels", "or fusion_type asks for pictures of several channels") }
    guard side / patch <= 128 else { throw settings.wrong("spec_size", "\(side) makes too many patches") }
    guard side % bands == 0, bands % patch == 0, side % (patch * window << (depths.count - 1)) == 0 else {
      throw settings.wrong(
        "spec_size", "\(side) cannot be cut by num_mel_bins, patch_size, window_size and \(depths.count) stages")
    }
    for (stage, block) in blocks.enumerated() {
      try settings.checkLayers(
        tokens: grid(stage).tokens, together: Towers.soundsTogether, ("mlp_ratio", block.inner),
        ("patch_embeds_hidden_size", 3 * block.width))
    }
  }
}
