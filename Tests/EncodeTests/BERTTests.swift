import Linear
import Testing

@testable import Encode

@Suite struct BERTTests {
  @Test(arguments: ["bert", "bert-first-token"])
  func `vectors are those of transformers`(name: String) throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden(name), load: BERT.load)
  }

  @Test(arguments: CheckpointCases.parity(BERT.families))
  func `vectors of real sizes are those of transformers`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: BERT.load)
  }

  @Test func `texts of one batch do not see each other`() throws {
    let towers = try BERT.load(try CheckpointFolder(CheckpointCases.golden("bert")), try Engine(.openblas))
    var runner = try #require(towers.text).makeRunner()
    let alone = try runner.encode(["a dog barks"])
    let together = try runner.encode(["the waves break on the beach", "a dog barks", ""])
    for (a, b) in zip(alone.row(0), together.row(1)) { #expect(abs(a - b) < 1e-5) }
    #expect(try runner.encode([]).rows == 0)
  }

  @Test func `text beyond the limit is not heard`() throws {
    let towers = try BERT.load(try CheckpointFolder(CheckpointCases.golden("bert")), try Engine(.openblas))
    var runner = try #require(towers.text).makeRunner()
    let long = String(repeating: "rain ", count: 22)
    let cut = try runner.encode([long + String(repeating: "piano ", count: 10_000)])
    #expect(try runner.encode([long]) == cut)
  }

  @Test func `a token that the model does not have is refused`() throws {
    let changed = try ChangedCheckpoint("bert", "tokenizer.json", ["model.vocab.rain": 4000])
    let towers = try BERT.load(try CheckpointFolder(changed.path), try Engine(.openblas))
    var runner = try #require(towers.text).makeRunner()
    #expect(throws: LinearError.self) { try runner.encode(["rain"]) }
  }

  @Test(arguments: [
    ("config.json", "num_attention_heads", 5 as any Sendable, "num_attention_heads 5 does not divide hidden_size 24"),
    ("config.json", "hidden_act", "swoosh", "hidden_act \"swoosh\" is no activation known here"),
    ("config.json", "position_embedding_type", "relative_key", "position_embedding_type is not absolute"),
    ("config.json", "num_hidden_layers", 3, "encoder.layer.2."),
    ("config.json", "hidden_size", 27, "embeddings.word_embeddings.weight"),
    ("1_Pooling/config.json", "pooling_mode_max_tokens", true, "pooling_mode_max_tokens is a pooling not known here"),
    ("1_Pooling/config.json", "pooling_mode_mean_tokens", false, "do not name one of the two"),
    ("sentence_bert_config.json", "max_seq_length", 0, "max_seq_length is no whole number"),
  ])
  func `what cannot be run is refused by name`(file: String, key: String, value: any Sendable, complaint: String) throws
  {
    let said = try #require(try ChangedCheckpoint("bert", file, [key: value]).complaint(BERT.load))
    #expect(said.contains(complaint), "\(said)")
  }

  @Test(arguments: [
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size", "layer_norm_eps",
  ])
  func `hostile sizes are refused by name`(key: String) throws {
    for size in hostileSizes where !(key == "layer_norm_eps" && size as? Double == 0.5) {
      let said = try ChangedCheckpoint("bert", "config.json", [key: size]).complaint(BERT.load)
      #expect(said?.contains(key) == true, "\(key) \(size): \(said ?? "loaded")")
    }
  }

  @Test func `without a tokenizer the error names its file`() throws {
    let said = try ChangedCheckpoint("bert", removing: ["tokenizer.json"]).complaint(BERT.load)
    #expect(said?.contains("tokenizer.json") == true)
  }
}
