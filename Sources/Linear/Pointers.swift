extension [Float] {
  /// Nil for an empty array.
  func withPointer<Result>(_ body: (UnsafePointer<Float>?) -> Result) -> Result {
    withUnsafeBufferPointer { body($0.isEmpty ? nil : $0.baseAddress) }
  }
}
