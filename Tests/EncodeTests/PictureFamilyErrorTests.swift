import Foundation
import Linear
import Media
import Testing

@testable import Encode

/// Configurations and files that no model could have are refused by one clear line.
@Suite struct PictureFamilyErrorTests {
  @Test(arguments: [
    (#""num_hidden_layers": 1099511627776"#, "num_hidden_layers is no whole number from 1 to 512"),
    (#""num_hidden_layers": 3"#, "encoder.layers.2.layer_norm1.weight: is not there"),
    (#""num_attention_heads": 0"#, "num_attention_heads is no whole number from 1 to 4096"),
    (#""num_attention_heads": 7"#, "num_attention_heads 7 does not divide hidden_size 24"),
    (#""hidden_size": -24"#, "hidden_size is no whole number"),
    (#""hidden_size": 24.5"#, "hidden_size is no whole number"),
    (#""hidden_size": "wide""#, "hidden_size is no whole number"),
    (#""hidden_size": 48"#, "has the shape"),
    (#""patch_size": 0"#, "patch_size is no whole number"),
    (#""patch_size": 1000"#, "patch_size 1000 makes 0 × 0 patches"),
    (#""image_size": 1099511627776"#, "image_size is no whole number"),
    (#""image_size": 64"#, "the image processor makes pictures of 32 × 32 pixels, the model takes 64"),
    (#""hidden_act": "swoosh""#, #"hidden_act "swoosh" is no activation known here"#),
    (#""layer_norm_eps": -1"#, "layer_norm_eps is negative"),
    (#""num_channels": 4"#, "num_channels is no whole number from 3 to 3"),
    (
      #""hidden_size": 1, "num_attention_heads": 1, "intermediate_size": 1048576, "image_size": 128, "patch_size": 1"#,
      "intermediate_size makes layers of 16385 × 1048576 samples"
    ),
    (
      #""hidden_size": 65536, "num_attention_heads": 1, "image_size": 128, "patch_size": 1"#,
      "hidden_size makes layers of 16385 × 196608 samples"
    ),
    (#""image_size": 4096, "patch_size": 1024"#, "patch_size makes layers of 17 × 3145728 samples"),
  ])
  func `a CLIP configuration that no model has is refused`(change: String, reason: String) throws {
    let message = try refusal("clip-vision", "config.json", adding: change, CLIP.load)
    #expect(message.contains(reason), "\(message)")
    #expect(!message.contains("\n"))
  }

  @Test(arguments: [
    (#""do_resize": false"#, "do_resize is false"),
    (#""size": {"longest_edge": 32}"#, "size has neither height and width nor only shortest_edge"),
    (#""size": 0"#, "size is no whole number from 1 to 4096"),
    (#""crop_size": {"height": 32, "width": 1e300}"#, "crop_size.width is no whole number"),
    (#""resample": 1"#, "resample is neither 2, bilinear, nor 3, bicubic"),
    (#""image_std": [1, 0, 1]"#, "image_std is not positive"),
    (#""image_mean": [1, 2]"#, "image_mean is no list of 3 numbers"),
    (#""rescale_factor": 0"#, "rescale_factor is not positive"),
    (#""rescale_factor": 1e-40"#, "rescale_factor with image_mean and image_std makes numbers beyond all measure"),
    (#""rescale_factor": 2e-38, "image_mean": [0, 9, 0]"#, "makes numbers beyond all measure"),
    (#""image_std": [1, 1e-44, 1], "do_rescale": false"#, "makes numbers beyond all measure"),
  ])
  func `an image processor that cannot be followed is refused`(change: String, reason: String) throws {
    let message = try refusal("clip-vision", "preprocessor_config.json", adding: change, CLIP.load)
    #expect(message.contains(reason), "\(message)")
  }

  @Test(arguments: [
    (#""stages": [[1, 3, 1, 1]]"#, "stages is no list of rows of 5 sensible numbers"),
    (#""stages": [[1, 3, 0, 1, 6]]"#, "stages is no list of rows of 5 sensible numbers"),
    (#""stages": []"#, "stages has no row"),
    (#""image_size": 1024, "stages": [[1, 3, 1, 16, 4096], [1, 3, 1, 16, 6]]"#, "stages make layers of"),
    (#""stem_width": 9"#, "has the shape"),
    (
      #""image_size": 1024, "head_width": 65536, "stages": [[1, 3, 1, 1, 6]]"#,
      "head_width makes a layer of 512 × 512 × 65536 samples"
    ),
    (
      #""image_size": 1024, "stem_width": 1, "stages": [[1, 3, 1, 1, 4096]]"#,
      "stages makes a layer of 512 × 512 × 4096 samples"
    ),
  ])
  func `an EfficientNet that cannot be is refused`(change: String, reason: String) throws {
    let message = try refusal("efficientnet-lite0", "config.json", adding: change, EfficientNetLite.load)
    #expect(message.contains(reason), "\(message)")
  }

  @Test func `a SigLIP 2 of vast patches is refused`() throws {
    let message = try refusal("siglip2-naflex", "config.json", adding: #""vision_config": {"patch_size": 256}"#) {
      folder, engine in
      let processor = "\(folder.path)/preprocessor_config.json"
      try Data(#"{"patch_size": 256, "max_num_patches": 4096}"#.utf8).write(to: URL(fileURLWithPath: processor))
      return try SigLIP2.load(folder, engine)
    }
    #expect(message.contains("vision_config.patch_size makes layers of 4096 × 196608 samples"), "\(message)")
  }

  @Test(arguments: [
    ("efficientnet-lite0", "_blocks.0._bn1.running_var"), ("clap", "audio_model.audio_encoder.batch_norm.running_var"),
  ])
  func `a negative variance is refused`(golden: String, name: String) throws {
    let changed = try ChangedCheckpoint(golden)
    try changed.set(-1, in: name)
    let message = changed.complaint { folder, engine in try Towers.load(folder, engine) } ?? "it was not refused"
    #expect(message.hasSuffix("model.safetensors: tensor \(name): holds a negative variance"), "\(message)")
  }

  @Test func `a picture without pixels is an error, not a trap`() throws {
    let engine = try Engine(.openblas)
    let towers = try CLIP.load(CheckpointFolder(CheckpointCases.golden("clip")), engine)
    var runner = try #require(towers.picture).makeRunner()
    #expect(throws: LinearError.self) { try runner.encode([RGBImage(width: 0, height: 0, pixels: [])]) }
    #expect(try runner.encode([]).rows == 0)
  }

  /// What loading says when one file of a golden is changed: its keys of the same names give way.
  private func refusal(
    _ golden: String, _ file: String, adding change: String, _ load: CheckpointCases.Loader
  ) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.copyItem(at: URL(fileURLWithPath: CheckpointCases.golden(golden)), to: folder)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent(file)
    let old = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
    let new = try JSONSerialization.jsonObject(with: Data("{\(change)}".utf8)) as? [String: Any]
    let all = try #require(old).merging(try #require(new)) { $1 }
    try JSONSerialization.data(withJSONObject: all).write(to: path)
    do {
      _ = try load(CheckpointFolder(folder.path), Engine(.openblas))
      return "it was not refused"
    } catch { return "\(error)" }
  }
}
