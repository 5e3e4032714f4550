import Testing

@testable import Linear

@Suite struct ActivationTests {
  /// Every 4099th bit pattern, and the places where formulas change.
  private static let inputs: [Float] =
    stride(from: UInt32(0), through: .max - 4099, by: 4099).map { Float(bitPattern: $0) }
    + (-2000...2000).map { Float($0) / 100 }
    + [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNormalMagnitude, .greatestFiniteMagnitude]

  @Test(arguments: Activation.allCases)
  func everyFloatIsCloseToThePlainFormula(_ kind: Activation) {
    var matrix = Matrix(rows: 1, columns: Self.inputs.count, values: Self.inputs)
    matrix.activate(kind)
    for (x, y) in zip(Self.inputs, matrix.values) {
      guard !x.isNaN else { #expect(y.isNaN); continue }
      let plain = Plain.activation(kind, Double(x))
      let error = abs(Double(y) - plain)
      // Infinity minus itself is NaN: equal is right too.
      let isClose = Double(y) == plain || Float(plain) == y || error < 1e-6 * max(1, abs(plain))
      #expect(isClose, "\(kind)(\(x)) = \(y), not \(plain)")
    }
  }
}
