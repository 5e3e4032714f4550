import Linear
import Media

/// Brings pictures to a tower's size and cuts them into patches. Keeps its memory from picture to picture.
struct PicturePreparer {
  private let processor: ImageProcessor
  private let scale: PixelScale
  private var resize: ImageResize
  private var resized: [UInt8] = []
  /// [height, width, 3]
  private(set) var canvas: [UInt8] = []

  init(_ processor: ImageProcessor) {
    self.processor = processor
    scale = processor.scale
    resize = ImageResize(processor.filter, processor.rounding)
  }

  /// Draws a picture on the canvas, of the processor's size.
  mutating func draw(_ image: RGBImage) throws(LinearError) {
    try image.checkSize()
    draw(image, processor.placement(width: image.width, height: image.height))
  }

  mutating func draw(_ image: RGBImage, _ placement: PicturePlacement) {
    guard !placement.fillsCanvas else { return resize.apply(image, placement.request, to: &canvas) }
    resize.apply(image, placement.request, to: &resized)
    canvas.removeAll(keepingCapacity: true)
    canvas.resize(to: placement.canvas.width * placement.canvas.height * 3)
    let width = placement.request.window.width * 3
    for row in 0..<placement.request.window.height {
      let place = ((placement.top + row) * placement.canvas.width + placement.left) * 3
      for byte in 0..<width { canvas[place + byte] = resized[row * width + byte] }
    }
  }

  /// The canvas as patches of `side` × `side`, row by row: one row of `out` from `row` on for each.
  func cut(_ side: Int, width: Int, height: Int, _ order: PatchOrder, to out: inout Matrix, at row: Int) {
    let across = width / side
    for patch in 0..<(height / side * across) {
      out.withMutableRow(row + patch) { values in
        VisionKernels.patch(
          canvas, at: (patch / across * side * width + patch % across * side) * 3, stride: width * 3, side: side,
          scale, order, to: &values)
      }
    }
  }
}

/// How the samples of a patch follow each other.
enum PatchOrder: Sendable {
  /// Colour by colour, as the weights of convolutions lie.
  case planes
  /// Pixel by pixel.
  case pixels
}

extension RGBImage {
  /// - Throws: for a picture without pixels, or one that no weights could be made for.
  func checkSize() throws(LinearError) {
    guard width >= 1 && height >= 1 && width <= 1 << 16 && height <= 1 << 16 else {
      throw .engine(reason: "a picture of \(width) × \(height) pixels cannot be encoded")
    }
  }
}
