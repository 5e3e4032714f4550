import Testing

@testable import Linear

@Suite struct DenseTests {
  private static let engines = Engine.Products.here

  private func compare(_ output: Matrix, _ plain: [[Double]], _ inputs: Int) {
    for (row, values) in plain.enumerated() {
      for (column, value) in values.enumerated() {
        #expect(abs(Double(output[row, column]) - value) < 2e-6 * Double(inputs) + 1e-6 * abs(value))
      }
    }
  }

  @Test(
    arguments: engines,
    [
      (1, 1, 1), (1, 768, 768), (50, 384, 96), (7, 33, 17), (197, 100, 259), (64, 3, 513), (100, 40, 769),
      (3, 50, 2000), (13, 31, 64),
    ])
  func aLayerEqualsThePlainProduct(_ products: Engine.Products, _ shape: (rows: Int, outputs: Int, inputs: Int)) throws
  {
    var noise = Noise(UInt64(shape.rows * shape.outputs + shape.inputs))
    let x = noise.matrix(shape.rows, shape.inputs), w = noise.matrix(shape.outputs, shape.inputs)
    let b = noise.values(shape.outputs)
    let plain = Plain.product(x, w, b)
    for threads in 1...3 {
      let layer = try Dense(w, bias: b, engine: Engine(products, threads: threads))
      var y = Matrix()
      layer.apply(x, to: &y)
      compare(y, plain, shape.inputs)
    }
  }

  /// Few rows and many, for threads share columns or rows.
  @Test(arguments: engines, Activation.allCases)
  func whatFollowsIsDoneInTheSameCall(_ products: Engine.Products, _ activation: Activation) throws {
    var noise = Noise(5)
    for (rows, outputs) in [(9, 70), (50, 384), (300, 200)] {
      let x = noise.matrix(rows, 40), w = noise.matrix(outputs, 40), b = noise.values(outputs)
      var y = Matrix()
      try Dense(w, bias: b, engine: Engine(products, threads: 2)).apply(x, to: &y, activation)
      compare(y, Plain.product(x, w, b).map { $0.map { Plain.activation(activation, $0) } }, 40)
      try Dense(w, engine: Engine(products)).apply(x, to: &y, activation)
      compare(y, Plain.product(x, w).map { $0.map { Plain.activation(activation, $0) } }, 40)
    }
  }

  @Test(arguments: engines, [nil, 1])
  func aResidualIsAddedTo(_ products: Engine.Products, _ bias: Float?) throws {
    var noise = Noise(6)
    for (rows, outputs) in [(11, 37), (50, 384), (300, 200)] {
      let x = noise.matrix(rows, 800), w = noise.matrix(outputs, 800)
      let b = bias.map { [Float](repeating: $0, count: outputs) }
      let before = noise.matrix(rows, outputs, scale: 10)
      var sum = before
      try Dense(w, bias: b, engine: Engine(products, threads: 2)).apply(x, addingTo: &sum)
      let plain = Plain.product(x, w, b).enumerated().map { row, values in
        values.enumerated().map { $1 + Double(before[row, $0]) }
      }
      compare(sum, plain, 800)
    }
  }

  @Test(arguments: engines)
  func aNaNStaysInItsRowAndColumn(_ products: Engine.Products) throws {
    var noise = Noise(8)
    var x = noise.matrix(20, 33), w = noise.matrix(40, 33)
    x[3, 5] = .nan
    w[17, 2] = .infinity
    var y = Matrix()
    try Dense(w, engine: Engine(products)).apply(x, to: &y)
    for row in 0..<20 { for column in 0..<40 { #expect(y[row, column].isFinite == (row != 3 && column != 17)) } }
  }

  @Test func noRowsGiveNoRows() throws {
    var y = Matrix(rows: 2, columns: 2)
    try Dense(Matrix(rows: 4, columns: 3), engine: Engine()).apply(Matrix(rows: 0, columns: 3), to: &y)
    #expect(y.rows == 0 && y.columns == 4)
  }

  @Test func anEngineSaysWhatItIs() throws {
    #expect(try Engine(.openblas).description.hasPrefix("openblas 0."))
    #expect(try Engine().products != .auto)
    let text = failure { () throws(LinearError) in _ = try Engine(.openblas, precision: .bf16) }
    #expect(text == "bf16 needs onednn, not openblas")
    #if OneDNN
      #expect(try Engine(.onednn).description.hasPrefix("onednn "))
    #else
      #expect(failure { () throws(LinearError) in _ = try Engine(.onednn) } == "this build has no oneDNN")
    #endif
  }

  @Test func aLayerServesManyNumbersOfRows() throws {
    var noise = Noise(10)
    let w = noise.matrix(100, 48)
    for products in Self.engines {
      let layer = try Dense(w, engine: Engine(products, threads: 2))
      var y = Matrix()
      for rows in Array(1...70) + [400, 3] {
        let x = noise.matrix(rows, 48)
        layer.apply(x, to: &y)
        compare(y, Plain.product(x, w), 48)
      }
    }
  }
}

#if OneDNN
  /// Where the library lays out a product unlike the weight.
  @Suite(.enabled(if: Engine.Products.here.contains(.onednn))) struct OneDNNWeightTests {
    /// activation: nil where the product is added.
    @Test(arguments: [1, 63, 64, 130], [Activation.none, .gelu, .relu6, nil])
    func theWholeProductServesForSomeColumns(_ rows: Int, _ activation: Activation?) throws {
      var noise = Noise(11)
      let (columns, depth) = (200, 96), adds = activation == nil, activation = activation ?? .none
      let x = noise.values(rows * depth), w = noise.matrix(columns, depth), bias = noise.values(columns)
      let before = noise.values(rows * columns)
      let weight = try unsafe OneDNNWeight(columns: columns, depth: depth, engine: Engine(.onednn)) { range, out in
        for (place, row) in range.enumerated() {
          for k in 0..<depth { unsafe out[place * depth + k] = w[row, k] }
        }
      }
      var whole = before, parts = before
      multiply(weight, x, rows, bias, adds, activation, &whole) { $0.multiply($1, columns: 0..<columns) }
      multiply(weight, x, rows, bias, adds, activation, &parts) { weight, call in
        for range in [0..<64, 64..<65, 65..<200] { weight.multiplyAsPacked(call, columns: range) }
      }
      for (a, b) in zip(whole, parts) { #expect(abs(a - b) < 1e-4) }
    }

    private func multiply(
      _ weight: OneDNNWeight, _ x: [Float], _ rows: Int, _ bias: [Float], _ adds: Bool, _ activation: Activation,
      _ out: inout [Float], _ how: (OneDNNWeight, ProductCall) -> Void
    ) {
      unsafe x.withUnsafeBufferPointer { x in
        unsafe bias.withUnsafeBufferPointer { bias in
          unsafe out.withUnsafeMutableBufferPointer { out in
            unsafe how(
              weight,
              ProductCall(
                input: x.baseAddress!, output: out.baseAddress!, rows: rows, adds: adds, bias: bias.baseAddress!,
                activation: activation))
          }
        }
      }
    }

    /// More shapes than are kept, and the first of them again.
    @Test func oldPlansGiveWay() throws {
      var noise = Noise(12)
      let w = noise.matrix(70, 16)
      let layer = try Dense(w, engine: Engine(.onednn))
      var y = Matrix()
      for rows in Array(1...140) + [1, 140] {
        let x = noise.matrix(rows, 16)
        layer.apply(x, to: &y)
        let plain = Plain.product(x, w)
        for (row, values) in plain.enumerated() {
          for (column, value) in values.enumerated() { #expect(abs(Double(y[row, column]) - value) < 1e-4) }
        }
      }
    }
  }
#endif

extension Engine.Products {
  /// Those that this build and machine have.
  static var here: [Engine.Products] { allCases.filter { $0 != .auto && (try? Engine($0)) != nil } }
}
