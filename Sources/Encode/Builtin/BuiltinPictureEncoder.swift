import Media

/// A picture of any size → [256]: shape, chroma, colour, edges and motion. A window's vector is the mean of these.
struct BuiltinPictureEncoder: FeatureEncoder {
  private var sums: [UInt32] = []
  private var planes = [UInt16](repeating: 0, count: 3 * Kernels.area)
  /// Of this picture and of the one before; empty as long as there is none.
  private var luma: [UInt16] = []
  private var previous: [UInt16] = []

  mutating func encode(_ image: RGBImage) -> Features {
    Kernels.shrink(image.pixels, width: image.width, height: image.height, sums: &sums, planes: &planes)
    swap(&previous, &luma)
    if luma.isEmpty { luma = [UInt16](repeating: 0, count: Kernels.area) }
    Kernels.luma(planes, out: &luma)
    return Features(vector: BuiltinPicture.vector(planes, luma: luma, previous: previous), quality: variance())
  }

  /// The same picture again: nothing has moved.
  func again(_ features: Features) -> Features {
    var still = features
    for index in BuiltinPicture.motionPart { still.vector[index] = 0 }
    return still
  }

  /// Of the luma in grey levels: exact in whole numbers up to the last division.
  private func variance() -> Float {
    var sum = 0
    var square = 0
    for value in luma {
      sum += Int(value)
      square += Int(value) * Int(value)
    }
    let count = luma.count
    return Float(Double(count * square - sum * sum) / Double(count * count) / 256)
  }
}
