import Linear
import Testing

@testable import Encode

@Suite struct WhisperTests {
  /// A whole window and a shorter one, silence behind it; a vector for each second.
  @Test func `vectors are those of transformers`() throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden("whisper"), load: Whisper.load)
  }

  @Test(arguments: CheckpointCases.parity(Whisper.families))
  func `vectors of real sizes are those of transformers`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: Whisper.load)
  }

  @Test func `it says what it hears and how often`() throws {
    let sound = try #require(try tower())
    #expect(sound.rate == 16000 && sound.window == 32000 && sound.steps == 2 && sound.dimensions == 16)
  }

  @Test func `sounds of one batch do not hear each other`() throws {
    var runner = try #require(try tower()).makeRunner()
    let sounds = [Signals.chord(32000), [], Signals.chord(40000), Signals.chord(100)]
    let together = try runner.encode(sounds)
    #expect(together.rows == 8 && together.values.allSatisfy { $0.isFinite })
    for (index, sound) in sounds.enumerated() {
      let alone = try runner.encode([sound])
      for step in 0..<2 {
        for (a, b) in zip(alone.row(step), together.row(2 * index + step)) { #expect(abs(a - b) < 1e-4, "\(index)") }
      }
    }
    #expect(try runner.encode([]).rows == 0)
  }

  @Test(arguments: [
    ("config.json", "num_mel_bins", 80, "num_mel_bins 80 is not the 20 of the feature extractor"),
    ("config.json", "max_source_positions", 99, "max_source_positions 99 is not half of 200 frames"),
    ("config.json", "encoder_attention_heads", 3, "encoder_attention_heads 3 does not divide d_model 16"),
    ("config.json", "encoder_layers", 3, "encoder.layers.2."),
    ("preprocessor_config.json", "sampling_rate", 8000, "sampling_rate is not 16000"),
    ("preprocessor_config.json", "n_fft", 480, "n_fft 480 is no even product of twos and fives"),
  ])
  func `what cannot be run is refused by name`(file: String, key: String, value: Int, complaint: String) throws {
    let said = try #require(try ChangedCheckpoint("whisper", file, [key: value]).complaint(Whisper.load))
    #expect(said.contains(complaint), "\(said)")
  }

  @Test(arguments: [
    ("config.json", "d_model"), ("config.json", "encoder_layers"), ("config.json", "encoder_attention_heads"),
    ("config.json", "encoder_ffn_dim"), ("config.json", "num_mel_bins"), ("config.json", "max_source_positions"),
    ("preprocessor_config.json", "chunk_length"), ("preprocessor_config.json", "hop_length"),
    ("preprocessor_config.json", "feature_size"), ("preprocessor_config.json", "n_fft"),
  ])
  func `hostile sizes are refused by name`(file: String, key: String) throws {
    for size in hostileSizes {
      let said = try ChangedCheckpoint("whisper", file, [key: size]).complaint(Whisper.load)
      #expect(said?.contains(key) == true, "\(key) \(size): \(said ?? "loaded")")
    }
  }

  private func tower() throws -> (any SoundTower)? {
    try Whisper.load(try CheckpointFolder(CheckpointCases.golden("whisper")), try Engine(.openblas)).sound
  }
}
