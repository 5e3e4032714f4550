import Media

/// Resizes 8-bit pictures bit for bit as Pillow or torchvision do: across, then down, each rounded to 8 bits; Pillow,
/// from version 13 on, first down where that shrinks more. Only the outputs inside a window are computed. Keeps its weights while pictures of one size follow each other.
struct ImageResize {
  /// What is asked: the whole picture is resized to `width` × `height`, of which only the window is wanted.
  struct Request: Equatable {
    /// The part of the picture that is resized.
    var source: PixelRect
    var width: Int
    var height: Int
    var window: PixelRect
  }

  private let filter: ResizeFilter
  private let rounding: ResizeRounding
  private var request: Request?
  private var across: ResizeAxis?
  private var down: ResizeAxis?
  /// What the first pass gives, of as much of the source as the second weighs.
  private var between: [UInt8] = []

  init(_ filter: ResizeFilter, _ rounding: ResizeRounding) {
    self.filter = filter
    self.rounding = rounding
  }

  /// pixels: grown to [window.height, window.width, 3].
  mutating func apply(_ image: RGBImage, _ request: Request, to pixels: inout [UInt8]) {
    let (across, down) = axes(request)
    precondition(request.source.isInside(width: image.width, height: image.height), "a part of the picture")
    pixels.resize(to: down.outputs * across.outputs * 3)
    let (left, top) = (request.source.left + across.reach.lowerBound, request.source.top + down.reach.lowerBound)
    let part = PixelPart(origin: 3 * (top * image.width + left), stride: 3 * image.width)
    if goesDownFirst(request) {
      let width = across.reach.count * 3
      between.resize(to: down.outputs * width)
      VisionKernels.resizeDown(image.pixels, part, width: width, down, to: &between)
      VisionKernels.resizeAcross(between, PixelPart(origin: 0, stride: width), across, to: &pixels)
    } else {
      let width = across.outputs * 3
      between.resize(to: down.reach.count * width)
      VisionKernels.resizeAcross(image.pixels, part, across, to: &between)
      VisionKernels.resizeDown(between, PixelPart(origin: 0, stride: width), width: width, down, to: &pixels)
    }
  }

  /// https://github.com/python-pillow/Pillow/pull/9549
  private func goesDownFirst(_ request: Request) -> Bool {
    let less = request.source.height - request.height
    return rounding == .pillow && less > 0 && less > 2 * (request.source.width - request.width)
  }

  private mutating func axes(_ request: Request) -> (across: ResizeAxis, down: ResizeAxis) {
    if let across, let down, request == self.request { return (across, down) }
    let (source, window) = (request.source, request.window)
    let across = ResizeAxis(
      size: source.width, outputs: request.width, window: window.left..<window.left + window.width,
      granule: VisionKernels.tapsAcross, filter: filter, rounding: rounding)
    let down = ResizeAxis(
      size: source.height, outputs: request.height, window: window.top..<window.top + window.height,
      granule: 1, filter: filter, rounding: rounding)
    (self.request, self.across, self.down) = (request, across, down)
    return (across, down)
  }
}

/// Whole pixels.
struct PixelRect: Equatable {
  var left: Int
  var top: Int
  var width: Int
  var height: Int

  func isInside(width: Int, height: Int) -> Bool {
    left >= 0 && top >= 0 && self.width >= 1 && self.height >= 1 && left <= width - self.width
      && top <= height - self.height
  }
}

extension [UInt8] {
  /// For a caller that then writes every value.
  mutating func resize(to count: Int) {
    if count < self.count { removeLast(self.count - count) }
    if count > self.count { append(contentsOf: repeatElement(0, count: count - self.count)) }
  }
}
