import Testing

@testable import Linear

/// Files that were damaged, cut or made to harm: one line each, naming what is wrong.
@Suite struct HostileFileTests {
  private let scratch = Scratch()

  private func refusal(_ path: String) -> String? {
    failure { () throws(LinearError) in _ = try Weights.open(path) }
  }

  private static func entry(_ shape: String, _ offsets: String, _ kind: String = "F32") -> String {
    #"{"dtype":"\#(kind)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  /// header, bytes of data, what is said of tensor `a`
  private static let tensors: [(String, Int, String)] = [
    (entry("[2]", "[0,12]"), 8, "lies beyond the end of the file"),
    (entry("[2]", "[0,9223372036854775807]"), 8, "lies beyond the end of the file"),
    (entry("[2]", "[-8,0]"), 8, "data_offsets are not a beginning and an end"),
    (entry("[2]", "[8,0]"), 8, "data_offsets are not a beginning and an end"),
    (entry("[2]", "[0]"), 8, "data_offsets are not a beginning and an end"),
    (entry("[2]", "[0,8,16]"), 8, "data_offsets are not a beginning and an end"),
    (entry("[3]", "[0,8]"), 8, "F32 [3] takes 12 bytes, not 8"),
    (entry("[-2]", "[0,8]"), 8, "the shape [-2] is not one"),
    (entry("[4611686018427387904,4]", "[0,8]"), 8, "the shape [4611686018427387904, 4] is not one"),
    (entry("[2]", "[0,8]", "F99"), 8, "unknown dtype \"F99\""),
    (entry("[2]", "[4,12]"), 12, "begins after bytes that belong to no tensor"),
    (entry("null", "[0,8]"), 8, "not described by a dtype, a shape and two data_offsets"),
    (#"{"dtype":"F32","shape":[2]}"#, 8, "not described by a dtype, a shape and two data_offsets"),
    ("7", 8, "not described by a dtype, a shape and two data_offsets"),
  ]

  @Test(arguments: tensors)
  func aTensorThatCannotBeIsNamed(_ entry: String, _ data: Int, _ reason: String) {
    let path = scratch.checkpoint(#"{"__metadata__":{"format":"pt"},"a":\#(entry)}"#, data: data)
    #expect(refusal(path) == "\(path): tensor a: \(reason)")
  }

  @Test func tensorsMayNotOverlap() {
    let header = #"{"a":\#(Self.entry("[2]", "[0,8]")),"b":\#(Self.entry("[2]", "[4,12]"))}"#
    let path = scratch.checkpoint(header, data: 12)
    #expect(refusal(path) == "\(path): tensor b: overlaps another tensor")
  }

  @Test func bytesAfterTheLastTensorAreRefused() {
    let path = scratch.checkpoint(#"{"a":\#(Self.entry("[2]", "[0,8]"))}"#, data: 9)
    #expect(refusal(path) == "\(path): 1 bytes belong to no tensor")
  }

  @Test func aTensorNamedTwiceIsRefused() {
    let entry = Self.entry("[2]", "[0,8]")
    let path = scratch.checkpoint(#"{"a":\#(entry),"a":\#(entry)}"#, data: 8)
    #expect(refusal(path) == "\(path): the header names a tensor twice, or writes its keys with escapes")
  }

  private static let notJSON = "the header is not JSON, or holds a number out of range"

  @Test(arguments: ["[0,9223372036854775808]", "[0,1e300]", "[0,0.5]"])
  func numbersThatAreNoPlacesAreRefused(_ offsets: String) {
    let path = scratch.checkpoint(#"{"a":\#(Self.entry("[2]", offsets))}"#, data: 8)
    #expect(refusal(path) == "\(path): \(Self.notJSON)")
  }

  /// bytes of the file, what is said of it
  private static let files: [([UInt8], String)] = [
    ([], "is too short for a safetensors file"),
    ([1, 2, 3], "is too short for a safetensors file"),
    (Scratch.length(100) + Array("{}".utf8), "ends inside its header"),
    (Scratch.length(.max) + Array("{}".utf8), "claims a header of 18446744073709551615 bytes"),
    (Scratch.length(1 << 63) + Array("{}".utf8), "claims a header of 9223372036854775808 bytes"),
    (Scratch.length(0), Self.notJSON),
    (Scratch.length(2) + Array("{]".utf8), Self.notJSON),
    (Scratch.length(2) + Array("[]".utf8), "the header is not a table of tensors"),
    (Scratch.length(4) + [0xFF, 0xFE, 0x22, 0x00], Self.notJSON),
  ]

  @Test(arguments: files)
  func aFileThatIsNoneIsRefused(_ bytes: [UInt8], _ reason: String) {
    let path = scratch.file("x.safetensors", bytes)
    #expect(refusal(path) == "\(path): \(reason)")
  }

  @Test func aHundredThousandBracketsAreOnlyBadJSON() {
    let deep = String(repeating: "[", count: 100_000)
    let path = scratch.checkpoint(#"{"a":\#(deep)"#, data: 0)
    #expect(refusal(path) == "\(path): \(Self.notJSON)")
    let nested = String(repeating: #"{"a":"#, count: 100_000)
    let other = scratch.checkpoint(nested, data: 0, name: "nested.safetensors")
    #expect(refusal(other) == "\(other): \(Self.notJSON)")
  }

  @Test func aFileCutInItsLastTensorIsRefused() {
    let path = scratch.checkpoint(#"{"a":\#(Self.entry("[1000]", "[0,4000]"))}"#, data: 3999)
    #expect(refusal(path) == "\(path): tensor a: lies beyond the end of the file")
  }

  @Test func aFileThatShrinksAfterwardsIsAnError() throws {
    let header = #"{"a":\#(Self.entry("[10,100]", "[0,4000]"))}"#.replacing("\"a\"", with: "\"a.weight\"")
    let path = scratch.checkpoint(header, data: 4000)
    let weights = try Weights.open(path)
    _ = scratch.checkpoint(header, data: 100)
    let text = failure { () throws(LinearError) in _ = try weights.values("a.weight", [10, 100]) }
    #expect(text == "\(path): tensor a.weight: the file ends early")
    let layer = failure { () throws(LinearError) in
      _ = try weights.dense("a", [10, 100], bias: .absent, engine: Engine(threads: 2))
    }
    #expect(layer == text)
  }

  @Test func whatIsNoFileIsRefused() {
    #expect(refusal("\(scratch.path)/none") == "\(scratch.path)/none: No such file or directory")
    #expect(refusal("/dev/null") == "/dev/null: is not a regular file")
    let reason = "holds neither model.safetensors nor model.safetensors.index.json"
    #expect(refusal(scratch.path) == "\(scratch.path): \(reason)")
  }

  /// what stands in the index, what is said of it; $ is the folder
  private static let indexes: [(String, String)] = [
    ("{", "$/model.safetensors.index.json: is not JSON with a weight_map of names"),
    (#"{"weight_map":[1]}"#, "$/model.safetensors.index.json: is not JSON with a weight_map of names"),
    (#"{"weight_map":{"a":7}}"#, "$/model.safetensors.index.json: is not JSON with a weight_map of names"),
    (
      #"{"weight_map":{"a":"../x.safetensors"}}"#,
      "$/model.safetensors.index.json: names a file outside its folder: \"../x.safetensors\""
    ),
    (
      #"{"weight_map":{"a":"/etc/passwd"}}"#,
      "$/model.safetensors.index.json: names a file outside its folder: \"/etc/passwd\""
    ),
    (
      #"{"weight_map":{"a":"x.safetensors\u0000"}}"#,
      "$/model.safetensors.index.json: names a file outside its folder: \"x.safetensors\\0\""
    ),
    (#"{"weight_map":{"a":"gone.safetensors"}}"#, "$/gone.safetensors: No such file or directory"),
    (#"{"weight_map":{"b":"x.safetensors"}}"#, "$/x.safetensors: tensor b: is promised by the index and not there"),
  ]

  @Test(arguments: indexes)
  func anIndexThatLeadsAstrayIsRefused(_ index: String, _ message: String) {
    _ = scratch.checkpoint(#"{"a":\#(Self.entry("[2]", "[0,8]"))}"#, data: 8, name: "x.safetensors")
    _ = scratch.file("model.safetensors.index.json", index)
    let expected = message.split(separator: "$", omittingEmptySubsequences: false).joined(separator: scratch.path)
    #expect(refusal(scratch.path) == expected)
  }
}
