import Media

/// A picture of any size → [256]: shape, chroma, colour, edges and motion. A window's vector is the mean of these.
struct BuiltinPictureEncoder: ContentEncoder {
  typealias Input = RGBImage

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
    return Features(
      vector: BuiltinPicture.vector(planes, luma: luma, previous: previous), quality: variance(ofLuma: luma))
  }

  /// The same picture again: nothing has moved.
  func again(_ features: Features) -> Features {
    var still = features
    for index in BuiltinPicture.motionPart { still.vector[index] = 0 }
    return still
  }
}
