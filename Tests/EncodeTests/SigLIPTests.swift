import Testing

@testable import Encode

@Suite struct SigLIPTests {
  @Test(arguments: ["siglip", "siglip-2"])
  func `vectors are those of transformers`(name: String) throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden(name), load: SigLIP.load)
  }

  @Test(arguments: CheckpointCases.parity(SigLIP.families))
  func `vectors of real sizes are those of transformers`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: SigLIP.load)
  }
}
