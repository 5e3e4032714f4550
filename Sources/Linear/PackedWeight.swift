/// A weight [columns, depth] as an engine wants it.
protocol PackedWeight: Sendable {
  /// Columns that are computed together: work is cut at multiples of it.
  var granule: Int { get }
  /// out[rows, columns] = activation(input[rows, depth] · weightᵀ + bias), or += without activation where the call
  /// adds.
  func multiply(_ call: ProductCall, columns: Range<Int>)
}

/// One product and what follows it. Rows of input and output are contiguous.
struct ProductCall {
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let rows: Int
  let adds: Bool
  /// [columns of the weight]
  let bias: UnsafePointer<Float>?
  let activation: Activation
}

/// Gives some rows [range.count, depth] of a weight as it is packed. May be called from several threads.
typealias RowSource = (_ range: Range<Int>, _ out: UnsafeMutablePointer<Float>) throws(LinearError) -> Void
