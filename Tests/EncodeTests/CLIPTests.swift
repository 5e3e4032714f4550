import Testing

@testable import Encode

@Suite struct CLIPTests {
  /// Whole models of OpenAI's and OpenCLIP's kinds, both image backends, borders around small pictures, and a picture
  /// tower saved alone with an old processor file.
  @Test(arguments: ["clip", "clip-gelu-pillow", "clip-bordered", "clip-bordered-pillow", "clip-vision"])
  func `vectors are those of transformers`(name: String) throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden(name), load: CLIP.load)
  }

  @Test(arguments: CheckpointCases.parity(CLIP.families))
  func `vectors of real sizes are those of transformers`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: CLIP.load)
  }
}
