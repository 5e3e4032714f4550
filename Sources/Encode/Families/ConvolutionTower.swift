import Linear
import Media

/// Encodes pictures of any size by a `ConvolutionNetwork`.
struct ConvolutionTower: Tower {
  let model: ConvolutionNetwork

  var dimensions: Int { model.head.outputs }

  func makeRunner() -> any TowerRunner<RGBImage> { ConvolutionRunner(model) }
}

private struct ConvolutionRunner: TowerRunner {
  /// Pictures in one product: the layers of more would leave the cache.
  private static let together = 2
  private let model: ConvolutionNetwork
  private var resize = ImageResize(.bicubic, .pillow)
  private var canvas: [UInt8] = []
  private var memory = ConvolutionMemory()
  private let scale = PixelScale(factor: 1, mean: [127, 127, 127], deviation: [128, 128, 128])

  init(_ model: ConvolutionNetwork) { self.model = model }

  mutating func encode(_ images: [RGBImage]) throws(LinearError) -> Matrix {
    var all = Matrix(rows: images.count, columns: model.head.outputs)
    for first in stride(from: 0, to: images.count, by: Self.together) {
      let some = images[first..<min(images.count, first + Self.together)]
      try prepare(some)
      memory.run(model, pictures: some.count, to: &all, at: first)
    }
    return all
  }

  /// The middle of 7/8 of the shorter side, shrunk.
  private mutating func prepare(_ images: ArraySlice<RGBImage>) throws(LinearError) {
    let places = model.stemPlaces, size = model.picture
    memory.windows.resize(rows: images.count * places.outputs * places.outputs, columns: model.stem.inputs)
    for (index, image) in images.enumerated() {
      try image.checkSize()
      let side = max(1, min(image.width, image.height) * 7 / 8)
      let source = PixelRect(
        left: (image.width - side) / 2, top: (image.height - side) / 2, width: side, height: side)
      let window = PixelRect(left: 0, top: 0, width: size, height: size)
      resize.apply(image, .init(source: source, width: size, height: size, window: window), to: &canvas)
      VisionKernels.windows(
        canvas, size: size, places, scale, to: &memory.windows, at: index * places.outputs * places.outputs)
    }
  }
}
