import Linear
import Testing

@testable import Encode

@Suite struct ASTTests {
  /// A whole window and a shorter one, padding behind it.
  @Test func `vectors are those of transformers`() throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden("ast"), load: AST.load)
  }

  @Test(arguments: CheckpointCases.parity(AST.families))
  func `vectors of real sizes are those of transformers`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: AST.load)
  }

  @Test func `sounds of one batch do not hear each other`() throws {
    let towers = try AST.load(try CheckpointFolder(CheckpointCases.golden("ast")), try Engine(.openblas))
    let tower = try #require(towers.sound)
    #expect(tower.rate == 16000 && tower.window == 10240 && tower.steps == 1)
    var runner = tower.makeRunner()
    let sounds = [Signals.chord(10240), [], Signals.chord(20000), Signals.chord(399)]
    let together = try runner.encode(sounds)
    #expect(together.rows == 4 && together.values.allSatisfy { $0.isFinite })
    for (index, sound) in sounds.enumerated() {
      let alone = try runner.encode([sound])
      for (a, b) in zip(alone.row(0), together.row(index)) { #expect(abs(a - b) < 1e-4, "\(index)") }
    }
    // Less than a frame is nothing.
    for (a, b) in zip(together.row(1), together.row(3)) { #expect(abs(a - b) < 1e-4) }
    #expect(try runner.encode([]).rows == 0)
  }

  @Test(arguments: [
    ("config.json", "num_mel_bins", 64, "max_length or num_mel_bins is not that of the feature extractor"),
    ("config.json", "patch_size", 33, "patch_size 33 is larger than a spectrogram"),
    ("config.json", "frequency_stride", 9, "embeddings.position_embeddings"),
    ("config.json", "max_length", 1 << 14, "max_length or num_mel_bins is not that"),
    ("config.json", "num_attention_heads", 3, "num_attention_heads 3 does not divide hidden_size 16"),
    ("preprocessor_config.json", "sampling_rate", 44100, "sampling_rate is not 16000"),
    ("preprocessor_config.json", "std", 0, "std is not above zero"),
  ])
  func `what cannot be run is refused by name`(file: String, key: String, value: Int, complaint: String) throws {
    let said = try #require(try ChangedCheckpoint("ast", file, [key: value]).complaint(AST.load))
    #expect(said.contains(complaint), "\(said)")
  }

  @Test(arguments: [
    ("config.json", "hidden_size"), ("config.json", "num_hidden_layers"), ("config.json", "num_attention_heads"),
    ("config.json", "intermediate_size"), ("config.json", "patch_size"), ("config.json", "frequency_stride"),
    ("config.json", "time_stride"), ("config.json", "num_mel_bins"), ("config.json", "max_length"),
    ("preprocessor_config.json", "max_length"), ("preprocessor_config.json", "num_mel_bins"),
  ])
  func `hostile sizes are refused by name`(file: String, key: String) throws {
    for size in hostileSizes {
      let said = try ChangedCheckpoint("ast", file, [key: size]).complaint(AST.load)
      #expect(said?.contains(key) == true, "\(key) \(size): \(said ?? "loaded")")
    }
  }
}
