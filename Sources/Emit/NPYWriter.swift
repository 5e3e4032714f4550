package import Media

/// `fused` as one NumPy array: float32 [rows, fusedDimensions], format version 1.0. A record without a fused vector,
/// or with one that is not finite, is a row of NaN, so that row i stays record i; both are counted.
///
/// The header has room for any row count, so it can be rewritten in place: `revisedOpening`.
/// Source: numpy.lib.format.
package struct NPYWriter: RecordWriter {
  package private(set) var counters = Counters()
  private let dimensions: Int
  private var rows = 0

  package init(_ layout: RecordLayout) {
    precondition(layout.fusedDimensions > 0, "npy holds the fused vector")
    dimensions = layout.fusedDimensions
  }

  package var opening: [UInt8] { header(rows: 0) }
  package var revisedOpening: [UInt8]? { header(rows: rows) }

  package mutating func append(_ records: [Embedding], to bytes: inout [UInt8]) {
    for record in records { bytes.append(row(.vector(orNull: record.fused))) }
    rows += records.count
  }

  /// [dimensions]
  private mutating func row(_ cell: Cell) -> [Float] {
    switch cell {
    case .vector(let vector):
      precondition(vector.count == dimensions, "fused has \(vector.count) numbers, not \(dimensions)")
      return vector
    case .notFinite: counters.add("non_finite_values")
    default: counters.add("rows_without_vector")
    }
    return [Float](repeating: .nan, count: dimensions)
  }

  /// 128 bytes: magic, version, length of the rest, then a Python dict padded with spaces to a line.
  private func header(rows: Int) -> [UInt8] {
    let dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(dimensions)), }"
    let prefix: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]
    let padding = [UInt8](repeating: UInt8(ascii: " "), count: 117 - dict.utf8.count)
    return prefix + Array(dict.utf8) + padding + [UInt8(ascii: "\n")]
  }
}
