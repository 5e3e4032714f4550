import Testing

@testable import Encode

@Suite struct EfficientNetLiteTests {
  @Test(arguments: ["efficientnet-lite0"])
  func `vectors are those of torch`(name: String) throws {
    try CheckpointCases.expectAgreement(CheckpointCases.golden(name), load: EfficientNetLite.load)
  }

  @Test(arguments: CheckpointCases.parity(EfficientNetLite.families))
  func `vectors of real sizes are those of torch`(folder: String) throws {
    try CheckpointCases.expectAgreement(folder, load: EfficientNetLite.load)
  }
}
