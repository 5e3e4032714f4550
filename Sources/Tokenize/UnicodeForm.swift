import CUnicode

/// The normalization forms of Unicode (UAX #15).
enum UnicodeForm: Normalizer {
  case composed, decomposed, compatiblyComposed, compatiblyDecomposed

  func normalize(_ piece: Piece) -> Piece {
    guard piece.text.contains(where: { $0 >= 0x80 }) else { return piece }
    var normalized: [UInt8] = []
    normalized.reserveCapacity(piece.text.count)
    var known: [Unicode.Scalar] = []
    piece.text.forEachScalar { scalar, _ in
      if scalar.isKnown(in: .normalization) {
        known.append(scalar)
      } else {
        // It stays as it is and parts what is before from what is behind.
        append(known, to: &normalized)
        known = []
        normalized.append(scalar)
      }
    }
    append(known, to: &normalized)
    return Piece(normalized[...], begins: piece.begins)
  }

  private func append(_ scalars: [Unicode.Scalar], to text: inout [UInt8]) {
    var values = decompose(scalars)
    if isComposing { compose(&values) }
    for value in values { text.append(Unicode.Scalar(UInt32(bitPattern: value))!) }
  }

  /// In canonical order. utf8proc has that too, but by exchanging neighbours, which takes n² steps for n marks.
  private func decompose(_ scalars: [Unicode.Scalar]) -> [Int32] {
    var values: [Int32] = []
    values.reserveCapacity(scalars.count * 3 / 2)
    var marks: [(value: Int32, order: utf8proc_propval_t)] = []
    for scalar in scalars {
      for value in decompose(scalar) {
        let order = unsafe utf8proc_get_property(value).pointee.combining_class
        if order == 0 {
          appendSorted(&marks, to: &values)
          values.append(value)
        } else {
          marks.append((value, order))
        }
      }
    }
    appendSorted(&marks, to: &values)
    return values
  }

  private func appendSorted(_ marks: inout [(value: Int32, order: utf8proc_propval_t)], to values: inout [Int32]) {
    marks.sort { $0.order < $1.order }
    for mark in marks { values.append(mark.value) }
    marks.removeAll(keepingCapacity: true)
  }

  private func decompose(_ scalar: Unicode.Scalar) -> [Int32] {
    if scalar.isASCII { return [Int32(scalar.value)] }
    var options = UTF8PROC_DECOMPOSE.rawValue
    if isCompatible { options |= UTF8PROC_COMPAT.rawValue }
    return unsafe [Int32](unsafeUninitializedCapacity: Self.longestDecomposition) { buffer, count in
      var boundary: Int32 = 0
      count = unsafe utf8proc_decompose_char(
        Int32(scalar.value), buffer.baseAddress, buffer.count, .init(options), &boundary)
      precondition((1...buffer.count).contains(count), "utf8proc: a decomposition of \(count)")
    }
  }

  /// U+FDFA has 18 by compatibility (UAX #15, table 8).
  private static let longestDecomposition = 18

  private func compose(_ values: inout [Int32]) {
    let options = UTF8PROC_STABLE.rawValue | UTF8PROC_COMPOSE.rawValue
    let count = unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe utf8proc_normalize_utf32(values.baseAddress, values.count, .init(options))
    }
    values.removeLast(values.count - count)
  }

  private var isComposing: Bool { self == .composed || self == .compatiblyComposed }
  private var isCompatible: Bool { self == .compatiblyComposed || self == .compatiblyDecomposed }
}
