#if _endian(big)
  #error("records are little-endian, and so is every machine that writes them")
#endif

extension [UInt8] {
  /// Appends little-endian float32.
  mutating func append(_ numbers: [Float]) {
    unsafe numbers.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }

  /// Appends a little-endian integer.
  mutating func append(littleEndian value: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
  }

  mutating func append(zeros count: Int) { append(contentsOf: repeatElement(0, count: count)) }
}
