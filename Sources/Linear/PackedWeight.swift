/// A weight [columns, depth] as an engine wants it.
protocol PackedWeight: Sendable {
  /// Columns that are computed together: work is cut at multiples of it.
  var granule: Int { get }
  /// out[rows, columns] = input[rows, depth] · weightᵀ, or += where the call adds.
  func multiply(_ call: ProductCall, columns: Range<Int>)
}

/// One product. Rows of input and output are contiguous.
struct ProductCall {
  let input: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  let rows: Int
  let adds: Bool
}

/// Gives some rows [range.count, depth] of a weight as it is packed. May be called from several threads.
typealias RowSource = (_ range: Range<Int>, _ out: UnsafeMutablePointer<Float>) throws(LinearError) -> Void
