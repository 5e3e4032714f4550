import CFFmpeg
package import Media

/// One decoded picture, kept as the decoder made it until somebody wants to see it.
package final class PictureFrame: PictureImage {
  private let raw: UnsafeMutablePointer<AVFrame>
  private let orientation: Orientation

  /// Takes its own reference to the frame's data.
  init(_ frame: borrowing Frame, _ orientation: Orientation) {
    raw = av_frame_clone(frame.raw)!
    self.orientation = orientation
  }

  deinit {
    var raw = Optional(raw)
    av_frame_free(&raw)
  }

  /// Size as coded, before orientation and sample aspect ratio.
  package var width: Int { Int(raw.pointee.width) }
  package var height: Int { Int(raw.pointee.height) }
  package var isKey: Bool { ff_is_key(raw) != 0 }
  package var isInterlaced: Bool { ff_is_interlaced(raw) != 0 }

  /// The picture as a viewer sees it: display matrix, sample aspect ratio, matrix and range applied, PQ and HLG
  /// tone-mapped, alpha over black.
  /// - Parameter followsEXIF: turn it as the picture itself says, beside what the container says.
  package func rgb(_ converter: PictureConverter, followsEXIF: Bool = false) throws(FFmpegError) -> RGBImage {
    let own = followsEXIF ? Orientation(matrix: ff_frame_matrix(raw)) : Orientation(matrix: nil)
    return orientation.apply(to: own.apply(to: try converter.rgb(raw)))
  }

  /// The mean of Y at full range, 0…255.
  package func meanLuma(_ converter: PictureConverter) throws(FFmpegError) -> Double {
    guard let format = av_pix_fmt_desc_get(AVPixelFormat(raw.pointee.format)) else { return 0 }
    let flags = Int32(truncatingIfNeeded: format.pointee.flags)
    let isPlanarLuma =
      flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BE) == 0
      && format.pointee.comp.0.step == (format.pointee.comp.0.depth > 8 ? 2 : 1)
    guard isPlanarLuma else { return lumaOfRGB(try converter.rgb(raw)) }
    let depth = Int(format.pointee.comp.0.depth)
    let mean =
      depth > 8 ? planeMean(UInt16.self, shift: Int(format.pointee.comp.0.shift)) : planeMean(UInt8.self, shift: 0)
    let unit = Double(1 << (depth - 8))
    return isFullRange(raw) ? mean * 255 / (256 * unit - 1) : (mean - 16 * unit) * 255 / (219 * unit)
  }

  private func planeMean<Sample: FixedWidthInteger & UnsignedInteger>(_: Sample.Type, shift: Int) -> Double {
    var sum: UInt64 = 0
    for y in 0..<height {
      let row = UnsafeRawPointer(ff_plane(raw, 0)! + y * Int(ff_linesize(raw, 0)))
        .assumingMemoryBound(to: Sample.self)
      var rowSum: UInt32 = 0
      for x in 0..<width { rowSum &+= UInt32(row[x] >> Sample(shift)) }
      sum += UInt64(rowSum)
    }
    return Double(sum) / Double(width * height)
  }

  /// BT.601 luma weights, as `Y` of a JPEG.
  private func lumaOfRGB(_ image: RGBImage) -> Double {
    var sums = (0, 0, 0)
    for at in stride(from: 0, to: image.pixels.count, by: 3) {
      sums.0 += Int(image.pixels[at])
      sums.1 += Int(image.pixels[at + 1])
      sums.2 += Int(image.pixels[at + 2])
    }
    let count = Double(image.width * image.height)
    return (0.299 * Double(sums.0) + 0.587 * Double(sums.1) + 0.114 * Double(sums.2)) / count
  }
}

/// Untagged pictures count as limited range, unless their format says JPEG.
func isFullRange(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
  if frame.pointee.color_range != AVCOL_RANGE_UNSPECIFIED { return frame.pointee.color_range == AVCOL_RANGE_JPEG }
  switch AVPixelFormat(frame.pointee.format) {
  case AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ411P,
    AV_PIX_FMT_GRAY8, AV_PIX_FMT_YA8, AV_PIX_FMT_GRAY16LE, AV_PIX_FMT_GRAY16BE:
    return true
  default: return false
  }
}

/// How a stored picture is turned for display: one of the eight ways to lay a rectangle.
struct Orientation: Equatable {
  var transposed = false
  var flipsX = false
  var flipsY = false

  /// From a container's display matrix, `x' = a·x + c·y`, `y' = b·x + d·y` (ISO/IEC 14496-12, 6.2.2);
  /// angles between the quarter turns go to the nearest.
  init(matrix: UnsafePointer<Int32>?) {
    guard let matrix else { return }
    let (a, b, c, d) = (matrix[0], matrix[1], matrix[3], matrix[4])
    transposed = abs(Int64(b)) > abs(Int64(a))
    flipsX = (transposed ? c : a) < 0
    flipsY = (transposed ? b : d) < 0
  }

  func apply(to image: RGBImage) -> RGBImage {
    guard self != Orientation(matrix: nil) else { return image }
    let (width, height) = transposed ? (image.height, image.width) : (image.width, image.height)
    let pixels = [UInt8](unsafeUninitializedCapacity: image.pixels.count) { turned, filled in
      image.pixels.withUnsafeBufferPointer { stored in
        for y in 0..<height {
          for x in 0..<width {
            let (u, v) = (flipsX ? width - 1 - x : x, flipsY ? height - 1 - y : y)
            let from = 3 * (transposed ? u * image.width + v : v * image.width + u)
            let to = 3 * (y * width + x)
            turned[to] = stored[from]
            turned[to + 1] = stored[from + 1]
            turned[to + 2] = stored[from + 2]
          }
        }
      }
      filled = image.pixels.count
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}
