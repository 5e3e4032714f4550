import Testing

@testable import Encode

@Suite struct SigLIP2Tests {
  @Test(arguments: ["siglip2-naflex"])
  func `vectors are those of transformers`(name: String) throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden(name), load: SigLIP2.load)
  }

  @Test(arguments: CheckpointCases.parity(SigLIP2.families))
  func `vectors of real sizes are those of transformers`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: SigLIP2.load)
  }
}
