package import Media

/// Brings whole pictures to one size, bit for bit as torchvision's bicubic resize does, for encoders outside.
package struct PictureScaler {
  private let width: Int
  private let height: Int
  private var resize = ImageResize(.bicubic, .torchvision)
  private var pixels: [UInt8] = []

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// - Throws: `LinearError` for a picture without pixels or beyond all sizes.
  package mutating func scale(_ image: RGBImage) throws -> RGBImage {
    if image.width == width, image.height == height { return image }
    try image.checkSize()
    resize.apply(
      image,
      .init(
        source: PixelRect(left: 0, top: 0, width: image.width, height: image.height), width: width, height: height,
        window: PixelRect(left: 0, top: 0, width: width, height: height)),
      to: &pixels)
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}
