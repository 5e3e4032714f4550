import Testing

@testable import Linear

@Suite struct NormTests {
  @Test(arguments: [1, 7, 16, 64, 96, 100, 768, 1025], [1, 2])
  func aLayerNormEqualsThePlainOne(_ columns: Int, _ threads: Int) throws {
    var noise = Noise(UInt64(columns))
    var input = noise.matrix(300, columns, scale: 3)
    for row in 0..<300 { input[row, 0] += 40 }
    let weight = noise.values(columns), bias = noise.values(columns)
    var output = Matrix()
    try LayerNorm(weight: weight, bias: bias, epsilon: 1e-5).apply(input, to: &output, engine: Engine(threads: threads))
    for row in [0, 1, 151, 299] {
      let plain = Plain.layerNorm(input.doubles(row..<row + 1, 0..<columns)[0], weight, bias, epsilon: 1e-5)
      for column in 0..<columns { #expect(abs(Double(output[row, column]) - plain[column]) < 2e-5) }
    }
    try LayerNorm(weight: weight, bias: bias, epsilon: 1e-5).apply(to: &input, engine: Engine())
    #expect(input == output)
  }

  @Test func aLayerNormMayLackItsBias() throws {
    var noise = Noise(2)
    let input = noise.matrix(3, 20), weight = noise.values(20)
    var output = Matrix()
    try LayerNorm(weight: weight, epsilon: 1e-12).apply(input, to: &output, engine: Engine())
    let plain = Plain.layerNorm(input.doubles(2..<3, 0..<20)[0], weight, nil, epsilon: 1e-12)
    for column in 0..<20 { #expect(abs(Double(output[2, column]) - plain[column]) < 1e-5) }
  }

  @Test func anRMSNormTreatsEachHeadOfARow() throws {
    var noise = Noise(8)
    let input = noise.matrix(5, 64), weight = noise.values(16)
    var output = Matrix()
    try RMSNorm(columns: 16, weight: weight, epsilon: 1e-6).apply(input, to: &output, engine: Engine())
    for (row, head) in [(0, 0), (4, 3), (2, 1)] {
      let plain = Plain.rmsNorm(input.doubles(row..<row + 1, head * 16..<head * 16 + 16)[0], weight, epsilon: 1e-6)
      for column in 0..<16 { #expect(abs(Double(output[row, head * 16 + column]) - plain[column]) < 1e-5) }
    }
    try RMSNorm(columns: 64, epsilon: 1e-6).apply(input, to: &output, engine: Engine())
    let plain = Plain.rmsNorm(input.doubles(1..<2, 0..<64)[0], nil, epsilon: 1e-6)
    for column in 0..<64 { #expect(abs(Double(output[1, column]) - plain[column]) < 1e-5) }
  }

  @Test func aConstantRowBecomesTheBias() throws {
    var row = Matrix(rows: 1, columns: 48, values: [Float](repeating: 7, count: 48))
    try LayerNorm(weight: row.values, bias: row.values, epsilon: 1e-5).apply(to: &row, engine: Engine())
    #expect(row.values.allSatisfy { $0 == 7 })
  }
}
