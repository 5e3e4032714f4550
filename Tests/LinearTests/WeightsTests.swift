import Testing

@testable import Linear

@Suite struct WeightsTests {
  private static let goldens = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Goldens"
  private let one: Weights

  init() throws { one = try Weights.open("\(Self.goldens)/one.safetensors") }

  private func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

  @Test func everyKindOfFloatIsReadToTheBit() throws {
    #expect(bits(try one.values("weight", [6, 5])) == Expected.weight)
    #expect(bits(try one.values("bias", [6])) == Expected.bias)
    #expect(bits(try one.values("half", [2, 4])) == Expected.half)
    #expect(bits(try one.values("brain", [6])) == Expected.brain)
    #expect(try one.scalar("scale") == 2.5)
    #expect(try one.values("nothing", [0, 4]) == [])
  }

  @Test func aConvolutionBecomesAMatrix() throws {
    let matrix = try one.matrix("vision_model.conv", [3, 2, 2, 2])
    #expect(matrix.rows == 3 && matrix.columns == 8)
    #expect(bits(matrix.values) == Expected.conv)
  }

  @Test func namesAreFoundUnderTheirPrefix() throws {
    #expect(try one.prefix(anchor: "conv", candidates: ["", "model.", "vision_model."]) == "vision_model.")
    let vision = one.under("vision_model.")
    #expect(vision.contains("conv") && !vision.contains("weight"))
    #expect(vision.names == ["vision_model.conv"])
    #expect(try vision.shape("conv") == [3, 2, 2, 2])
    let missing = failure { () throws(LinearError) in _ = try vision.prefix(anchor: "x", candidates: ["", "y."]) }
    let reason = #"is not there, under any of "", "y.""#
    #expect(missing == "\(Self.goldens)/one.safetensors: tensor vision_model.x: \(reason)")
  }

  @Test(arguments: [
    ("weight", [5, 6], "has the shape [6, 5], not [5, 6]"), ("gone", [1], "is not there"),
    ("position_ids", [1, 3], "I64 is not read as numbers here; F32, F16, BF16 are"),
    ("nan", [2], "holds NaN or infinity"),
    ("infinite.half", [2], "holds NaN or infinity"), ("infinite.brain", [2], "holds NaN or infinity"),
  ])
  func whatCannotBeUsedIsRefusedByFileAndName(_ name: String, _ shape: [Int], _ reason: String) {
    let text = failure { () throws(LinearError) in _ = try one.values(name, shape) }
    #expect(text == "\(Self.goldens)/one.safetensors: tensor \(name): \(reason)")
  }

  @Test func shardsAreOneCheckpoint() throws {
    let weights = try Weights.open("\(Self.goldens)/shards")
    #expect(weights.names == ["bias", "weight"])
    #expect(bits(try weights.values("weight", [6, 5])) == Expected.weight)
    #expect(bits(try weights.values("bias", [6])) == Expected.bias)
  }

  @Test func layersLoadedTogetherStandSideBySide() throws {
    let scratch = Scratch()
    let header = """
      {"a.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},\
      "b.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},\
      "b.bias":{"dtype":"F32","shape":[1],"data_offsets":[16,20]}}
      """
    let numbers = [1, 2, 3, 4, 10].flatMap { (x: Float) in
      (0..<4).map { UInt8(truncatingIfNeeded: x.bitPattern >> (8 * $0)) }
    }
    let path = scratch.file(
      "model.safetensors", Scratch.length(UInt64(header.utf8.count)) + Array(header.utf8) + numbers)
    let weights = try Weights.open(path)
    for products in Engine.Products.here {
      let layer = try weights.dense(["a", "b", "a"], [1, 2], bias: .ifThere, engine: Engine(products))
      var output = Matrix()
      layer.apply(Matrix(rows: 2, columns: 2, values: [1, 1, 0, -1]), to: &output)
      #expect(output.values == [3, 17, 3, -2, 6, -2])
    }
    let text = failure { () throws(LinearError) in
      _ = try weights.dense(["a", "b"], [1, 2], engine: Engine())
    }
    #expect(text == "\(path): tensor a.bias: is not there")
  }

  @Test func rowsOfATableAreReadWhenAskedFor() throws {
    let table = try one.table("weight", [6, 5])
    var rows = Matrix()
    try table.gather([5, 0, 5], to: &rows)
    let (last, first) = (Expected.weight[25..<30], Expected.weight[0..<5])
    #expect(bits(rows.values) == Array(last + first + last))
    let text = failure { () throws(LinearError) in
      var rows = Matrix()
      try table.gather([6], to: &rows)
    }
    #expect(text == "\(Self.goldens)/one.safetensors: tensor weight: has no row 6, only 6")
  }
}
