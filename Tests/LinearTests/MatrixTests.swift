import Testing

@testable import Linear

@Suite struct MatrixTests {
  private let counting = Matrix(rows: 3, columns: 2, values: [0, 1, 2, 3, 4, 5])

  @Test func rowsAreGatheredInAnyOrder() {
    var out = Matrix(rows: 9, columns: 9)
    out.gather([2, 0, 0, 1], from: counting)
    #expect(out == Matrix(rows: 4, columns: 2, values: [4, 5, 0, 1, 0, 1, 2, 3]))
  }

  @Test func blocksAreCopiedIntoPlace() {
    var out = Matrix(rows: 4, columns: 2)
    out.copy(counting, at: 1)
    #expect(out.values == [0, 0, 0, 1, 2, 3, 4, 5])
  }

  @Test func aTableIsAddedToEverySequence() {
    var out = Matrix(rows: 4, columns: 2, values: [0, 0, 1, 1, 2, 2, 3, 3])
    out.add(Matrix(rows: 2, columns: 2, values: [10, 20, 30, 40]))
    #expect(out.values == [10, 20, 31, 41, 12, 22, 33, 43])
  }

  @Test func elementsAreMultipliedAndScaled() {
    var out = counting
    out.multiply(counting)
    out.scale(by: 2)
    #expect(out.values == [0, 2, 8, 18, 32, 50])
  }

  @Test func rowsAreReadAndSet() {
    var out = counting
    out.setRow(1, to: out.row(2))
    out.withMutableRow(0) { $0[1] = 9 }
    #expect(out.values == [0, 9, 4, 5, 4, 5])
    #expect(out.withRow(0) { $0[1] } == 9)
    #expect(out.mean(ofRows: 0..<2) == [2, 7])
    #expect(out.mean(ofRows: 1..<1) == [0, 0])
    #expect(counting.transposed() == Matrix(rows: 2, columns: 3, values: [0, 2, 4, 1, 3, 5]))
  }

  @Test func aMatrixKeepsItsStorage() {
    var out = Matrix(rows: 100, columns: 100)
    let place = address(out)
    out.resize(rows: 3, columns: 7)
    out.resize(rows: 50, columns: 200)
    #expect(address(out) == place)
    #expect(out.values.count == 10_000)
  }

  private func address(_ matrix: Matrix) -> UInt {
    unsafe matrix.values.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
  }
}
