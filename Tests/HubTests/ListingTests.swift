import Testing

@testable import Hub

@Suite struct ListingTests {
  private let name = RepositoryName("org/name")!

  private static let commit = String(repeating: "0a", count: 20)
  private static let checksum = String(repeating: "0b", count: 32)

  private func listing(_ siblings: String..., sha: String = commit) throws(HubError) -> Listing {
    try Listing(
      Array(#"{"sha": "\#(sha)", "siblings": [\#(siblings.joined(separator: ","))], "likes": 3}"#.utf8), of: name)
  }

  private func small(_ name: String, size: String = "3") -> String {
    #"{"rfilename": "\#(name)", "size": \#(size), "blobId": "\#(Self.commit)"}"#
  }

  private func large(_ name: String) -> String {
    #"{"rfilename": "\#(name)", "size": 9, "blobId": "x", "lfs": {"sha256": "\#(Self.checksum)", "size": 9}}"#
  }

  @Test func onlyWhatACheckpointIsReadFromIsTaken() throws {
    let listing = try listing(
      small("README.md"), small("config.json"), large("model.safetensors"), large("pytorch_model.bin"),
      small("tokenizer.json"), small("1_Pooling/config.json"), small("onnx/config.json"), large("onnx/model.onnx"),
      large("model-00001-of-00002.safetensors"), large("open_clip.safetensors"), small("run.py"))
    #expect(
      listing.files.map(\.name) == ["1_Pooling/config.json", "config.json", "model.safetensors", "tokenizer.json"])
    #expect(listing.commit == Self.commit && listing.size == 18)
    #expect(listing.files[2] == RemoteFile(name: "model.safetensors", size: 9, checksum: .sha256(Self.checksum)))
    #expect(listing.files[1].checksum == .blob(Self.commit))
  }

  @Test func weightsInPiecesAreTakenWithTheirIndex() throws {
    let pieces = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    let listing = try listing(
      small("config.json"), small("model.safetensors.index.json"), large(pieces[0]), large(pieces[1]))
    #expect(listing.files.map(\.name) == ["config.json"] + pieces + ["model.safetensors.index.json"])
  }

  @Test(arguments: ["../config.json", "/etc/passwd", "a/../../b", "a//b", "./a", "a\\\\b", "a\\u0000b", "a\\nb", ""])
  func aNameThatLeavesTheFolderIsRefused(_ hostile: String) {
    #expect(throws: HubError.self) { try listing(small("config.json"), large("model.safetensors"), small(hostile)) }
  }

  @Test(arguments: ["a/\u{301}..//b", "..\u{2F}\u{301}b/../c", "a/../\u{301}b", "a/\u{301}/../b"])
  func anAccentHidesNoSlash(_ hostile: String) {
    #expect(throws: HubError.self) { try listing(small("config.json"), large("model.safetensors"), small(hostile)) }
  }

  @Test(arguments: ["①_Pooling/config.json", "1_a b/config.json", "1_\\u0022/config.json"])
  func whatIsFetchedHasAPlainName(_ name: String) {
    #expect(throws: HubError.self) { try listing(small("config.json"), large("model.safetensors"), small(name)) }
  }

  @Test func aQuoteWithAnAccentIsEscaped() {
    let quoted = Curl.quoted("a\"\u{301}\\\r\nb")
    #expect(Array(quoted.utf8) == Array("\"a\\\"\u{301}\\\\\\r\\nb\"".utf8))
  }

  @Test func weightsInAnotherFormatAreNamed() {
    #expect(throws: HubError.unusable("org/name: no model.safetensors in this repository, only pytorch_model.bin")) {
      try listing(small("config.json"), large("pytorch_model.bin"))
    }
  }

  @Test func aListThatContradictsItselfIsRefused() {
    let weights = large("model.safetensors")
    #expect(throws: HubError.self) { try listing(small("config.json"), small("config.json"), weights) }
    #expect(throws: HubError.self) { try listing(small("config.json", size: "-1"), weights) }
    #expect(throws: HubError.self) { try listing(small("config.json", size: "null"), weights) }
    #expect(throws: HubError.self) { try listing(small("config.json", size: "9e99"), weights) }
    #expect(throws: HubError.self) { try listing(small("config.json"), weights, sha: "../../etc") }
    #expect(throws: HubError.self) { try listing(weights) }
    #expect(throws: HubError.self) { try Listing(Array("<html>".utf8), of: name) }
  }
}
