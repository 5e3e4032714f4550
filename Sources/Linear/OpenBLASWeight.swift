import CKernels
import COpenBLAS

/// A weight as it is, for OpenBLAS, which runs on one thread per call: this room cuts the work itself.
struct OpenBLASWeight: PackedWeight {
  private let weight: LargeBuffer
  private let columns: Int
  private let depth: Int
  let granule = 16

  init(columns: Int, depth: Int, engine: Engine, from source: RowSource) throws(LinearError) {
    let weight = try LargeBuffer(bytes: columns * depth * 4)
    try engine.perform(columns, cost: depth) { rows throws(LinearError) in
      try source(rows, weight.floats + rows.lowerBound * depth)
    }
    self.weight = weight
    self.columns = columns
    self.depth = depth
  }

  func multiply(_ call: ProductCall, columns range: Range<Int>) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(call.rows), Int32(range.count), Int32(depth), 1, call.input,
      Int32(depth), weight.floats + range.lowerBound * depth, Int32(depth), call.adds ? 1 : 0,
      call.output + range.lowerBound, Int32(columns))
    tk_bias_activation(
      call.output + range.lowerBound, columns, call.rows, range.count, call.bias.map { $0 + range.lowerBound },
      call.activation.code)
  }

  /// Keeps the library to one thread, whichever threading it was built with.
  /// - Returns: "openblas 0.3.21 Haswell".
  static func prepare() -> String {
    openblas_set_num_threads(1)
    let words = String(cString: openblas_get_config()).split(separator: " ")
    return "openblas \(words.dropFirst().first ?? "?") \(String(cString: openblas_get_corename()))"
  }
}
