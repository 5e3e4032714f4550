/// values · 1/‖values‖; nil when the norm is zero or not a number.
func unit(_ values: [Double]) -> [Float]? {
  let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  guard norm > 0, norm.isFinite else { return nil }
  return values.map { Float($0 / norm) }
}
