package import Media

/// The luma of a picture at the small size that builtin looks at, and how much it shows: the variance.
package struct LumaMeter {
  private var sums: [UInt32] = []
  private var planes = [UInt16](repeating: 0, count: 3 * Kernels.area)
  private var luma = [UInt16](repeating: 0, count: Kernels.area)

  package init() {}

  package mutating func variance(_ image: RGBImage) -> Float { Encode.variance(ofLuma: luma(of: image)) }

  /// → [Kernels.area] in sixteenths of a grey level.
  mutating func luma(of image: RGBImage) -> [UInt16] {
    Kernels.shrink(image.pixels, width: image.width, height: image.height, sums: &sums, planes: &planes)
    Kernels.luma(planes, out: &luma)
    return luma
  }
}

/// luma: in sixteenths of a grey level → grey levels², exact in whole numbers up to the last division.
func variance(ofLuma luma: [UInt16]) -> Float {
  var sum = 0
  var square = 0
  for value in luma {
    sum += Int(value)
    square += Int(value) * Int(value)
  }
  let count = luma.count
  return Float(Double(count * square - sum * sum) / Double(count * count) / 256)
}
