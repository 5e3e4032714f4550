import Testing

@testable import Encode
@testable import Linear

@Suite struct CLAPTests {
  /// Sound and text; the fused checkpoint hears whole clips, as the original does when told `is_longer` is false.
  @Test(arguments: ["clap", "clap-fused"])
  func `vectors are those of transformers`(name: String) throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden(name), load: CLAP.load)
  }

  @Test(arguments: CheckpointCases.parity(CLAP.families))
  func `vectors of real sizes are those of transformers`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: CLAP.load)
  }

  @Test func `clips of one batch do not hear each other`() throws {
    let towers = try CLAP.load(try CheckpointFolder(CheckpointCases.golden("clap")), try Engine(.openblas, threads: 2))
    var runner = try #require(towers.sound).makeRunner()
    let clips = [Signals.chord(4000), Signals.chord(2500), [], Signals.chord(9000)]
    let together = try runner.encode(clips)
    for (row, clip) in clips.enumerated() {
      let alone = try runner.encode([clip])
      for (a, b) in zip(alone.row(0), together.row(row)) { #expect(abs(a - b) < 1e-4, "\(row)") }
    }
    #expect(try runner.encode([]).rows == 0)
    #expect(together.values.allSatisfy { $0.isFinite })
  }

  @Test(arguments: [
    ("repeatpad", [1, 2, 3, 1, 2, 3, 0, 0] as [Float]), ("repeat", [1, 2, 3, 1, 2, 3, 1, 2]),
    ("pad", [1, 2, 3, 0, 0, 0, 0, 0]),
  ])
  func `short clips are extended as the file says`(padding: String, expected: [Float]) throws {
    let keys: [String: Any?] = [
      "padding": padding, "sampling_rate": 8, "fft_window_size": 4, "frequency_max": 4, "frequency_min": 0,
    ]
    let changed = try ChangedCheckpoint("clap", "preprocessor_config.json", keys)
    let features = try CLAPFeatures(try CheckpointFolder(changed.path))
    var out: [Float] = [9]
    features.extend([1, 2, 3], into: &out)
    #expect(out == expected)
    features.extend([], into: &out)
    #expect(out == [Float](repeating: 0, count: 8))
    features.extend(Array(repeating: 5, count: 30), into: &out)
    #expect(out == [Float](repeating: 5, count: 8))
  }

  @Test func `without text tensors or tokenizer there is no text tower`() throws {
    let changed = try ChangedCheckpoint("clap", removing: ["tokenizer.json"])
    let towers = try CLAP.load(try CheckpointFolder(changed.path), try Engine(.openblas))
    #expect(towers.text == nil && towers.sound != nil && towers.space == .joint)
  }

  @Test(arguments: [
    ("audio_config.patch_stride", [2, 2] as any Sendable, "audio_config.patch_stride differs from patch_size"),
    ("audio_config.fusion_type", "channel_map", "fusion_type asks for pictures of several channels"),
    ("audio_config.num_mel_bins", 16, "is not the 32 of the feature extractor"),
    ("audio_config.spec_size", 96, "cannot be cut by"),
    ("audio_config.spec_size", 2048, "spec_size 2048 makes too many patches"),
    ("audio_config.depths", [2, 2], "audio_config.depths"),
    ("audio_config.hidden_act", "swoosh", "hidden_act \"swoosh\" is no activation known here"),
    ("audio_config.num_attention_heads", [1, 2, 3, 4], "3 do not divide the width 16"),
    ("text_config.pad_token_id", 39, "text_config.max_position_embeddings"),
    ("projection_dim", 13, "audio_projection.linear1.weight"),
  ])
  func `what cannot be run is refused by name`(key: String, value: any Sendable, complaint: String) throws {
    let said = try #require(try ChangedCheckpoint("clap", "config.json", [key: value]).complaint(CLAP.load))
    #expect(said.contains(complaint), "\(said)")
  }

  @Test(arguments: [
    ("config.json", "audio_config.spec_size"), ("config.json", "audio_config.num_mel_bins"),
    ("config.json", "audio_config.patch_size"), ("config.json", "audio_config.window_size"),
    ("config.json", "audio_config.patch_embeds_hidden_size"), ("config.json", "audio_config.depths"),
    ("config.json", "audio_config.num_attention_heads"), ("config.json", "projection_dim"),
    ("config.json", "text_config.hidden_size"), ("preprocessor_config.json", "sampling_rate"),
    ("preprocessor_config.json", "max_length_s"), ("preprocessor_config.json", "hop_length"),
    ("preprocessor_config.json", "fft_window_size"), ("preprocessor_config.json", "feature_size"),
    ("preprocessor_config.json", "frequency_max"), ("preprocessor_config.json", "padding"),
  ])
  func `hostile sizes are refused by name`(file: String, key: String) throws {
    for size in hostileSizes {
      let said = try ChangedCheckpoint("clap", file, [key: size]).complaint(CLAP.load)
      let name = key == "frequency_max" ? "frequency" : key
      #expect(said?.contains(name) == true, "\(key) \(size): \(said ?? "loaded")")
    }
  }

  @Test func `an unknown padding or a limit in decibels is refused`() throws {
    for (key, value) in [("padding", "mirror" as any Sendable), ("top_db", 80)] {
      let said = try ChangedCheckpoint("clap", "preprocessor_config.json", [key: value]).complaint(CLAP.load)
      #expect(said?.contains("\(key) ") == true)
    }
  }
}

@Suite struct SwinGridTests {
  private let grid = SwinGrid(side: 8, window: 4)

  @Test func `orders hold every token once, window by window`() {
    #expect(grid.order(shift: 0).sorted() == Array(0..<64))
    #expect(grid.order(shift: 2).sorted() == Array(0..<64))
    #expect(grid.order(shift: 0).prefix(6) == [0, 1, 2, 3, 8, 9])
    #expect(grid.order(shift: 2).prefix(6) == [18, 19, 20, 21, 26, 27])
    #expect(SwinGrid(side: 4, window: 4).shift == 0)
  }

  @Test func `permutations lead there and back`() {
    let away = grid.permutation(from: 0, to: 2), back = grid.permutation(from: 2, to: 0)
    #expect(back.map { away[Int($0)] } == Array(0..<64))
    #expect(away.map { grid.order(shift: 0)[Int($0)] } == grid.order(shift: 2))
  }

  @Test func `tokens from opposite sides do not see each other`() {
    let bias = grid.bias(Matrix(rows: 49, columns: 1), isShifted: true)
    #expect(grid.kinds == [0, 1, 2, 3])
    // In the window of the last column, columns 0 and 1 lie at the right edge, 2 and 3 came from the left one.
    let hidden = (0..<16).map { key in bias.hides(kind: 1, query: 0, key: key) }
    #expect(hidden == (0..<16).map { $0 % 4 >= 2 })
    #expect((0..<16).allSatisfy { !bias.hides(kind: 0, query: 0, key: $0) })
    #expect(bias.hides(kind: 3, query: 0, key: 8) && bias.hides(kind: 2, query: 0, key: 8))
  }
}

extension ScoreBias {
  /// Whether a query of the first head is kept from a key, in a bias whose table is zero.
  fileprivate func hides(kind: Int, query: Int, key: Int) -> Bool {
    values[(kind * heads * tokens + query) * tokens + key] == -100
  }
}
