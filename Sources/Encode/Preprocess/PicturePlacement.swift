/// Where a picture goes: what of it is resized, to which size, and what of that lands where on the canvas.
struct PicturePlacement: Equatable {
  let request: ImageResize.Request
  let canvas: ImageProcessor.Size
  /// Of the window on the canvas.
  let left: Int
  let top: Int

  var fillsCanvas: Bool { request.window.width == canvas.width && request.window.height == canvas.height }
}

extension ImageProcessor {
  /// width, height: of the picture, ≥ 1.
  func placement(width: Int, height: Int) -> PicturePlacement {
    let resized = resized(width: width, height: height)
    let canvas = crop ?? resized
    let across = cut(resized.width, to: canvas.width), down = cut(resized.height, to: canvas.height)
    return PicturePlacement(
      request: .init(
        source: PixelRect(left: 0, top: 0, width: width, height: height), width: resized.width, height: resized.height,
        window: PixelRect(left: across.from, top: down.from, width: across.count, height: down.count)),
      canvas: canvas, left: across.to, top: down.to)
  }

  private func resized(width: Int, height: Int) -> Size {
    switch fit {
    case .exact(let width, let height): Size(width: width, height: height)
    case .shortestEdge(let side) where width <= height:
      Size(width: side, height: Int(Double(side * height) / Double(width)))
    case .shortestEdge(let side): Size(width: Int(Double(side * width) / Double(height)), height: side)
    }
  }

  /// The middle of a side of `length`, and where it goes on one of `wanted`.
  private func cut(_ length: Int, to wanted: Int) -> (from: Int, count: Int, to: Int) {
    guard length < wanted else { return ((length - wanted) / 2, wanted, 0) }
    let missing = wanted - length
    return (0, length, rounding == .pillow ? (missing + 1) / 2 : missing / 2)
  }
}
