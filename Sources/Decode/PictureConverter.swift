import CFFmpeg
import Glibc
import Media

/// Brings decoded pictures to packed 8-bit RGB at display size. Keeps the scaler of the last format.
package final class PictureConverter {
  private var scaler: OpaquePointer?
  private var toneMap: ToneMap?

  package init() {}

  deinit { sws_freeContext(scaler) }

  /// - Throws: when the pixel format cannot be converted.
  func rgb(_ frame: UnsafeMutablePointer<AVFrame>) throws(FFmpegError) -> RGBImage {
    let (width, height) = Self.displaySize(frame)
    let format = AVPixelFormat(frame.pointee.format)
    if let curve = ToneMap.Curve(frame.pointee.color_trc) {
      let wide = try convert(frame, to: AV_PIX_FMT_RGB48LE, width, height, bytesPerPixel: 6)
      if toneMap?.curve != curve { toneMap = ToneMap(curve) }
      return toneMap!.map(wide, width: width, height: height)
    }
    if hasAlpha(format) {
      let pixels = try convert(frame, to: AV_PIX_FMT_RGBA, width, height, bytesPerPixel: 4)
      return overBlack(pixels, width: width, height: height)
    }
    let pixels = try convert(frame, to: AV_PIX_FMT_RGB24, width, height, bytesPerPixel: 3)
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// Coded size with square pixels: the sample aspect ratio stretches the width.
  private static func displaySize(_ frame: UnsafeMutablePointer<AVFrame>) -> (Int, Int) {
    let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
    let ratio = frame.pointee.sample_aspect_ratio
    guard ratio.num > 0, ratio.den > 0, ratio.num != ratio.den else { return (width, height) }
    let stretched = (width * Int(ratio.num) * 2 + Int(ratio.den)) / (2 * Int(ratio.den))
    guard stretched > 0, stretched * height <= Limits.pixels else { return (width, height) }
    return (stretched, height)
  }

  private func convert(
    _ frame: UnsafeMutablePointer<AVFrame>, to target: AVPixelFormat, _ width: Int, _ height: Int, bytesPerPixel: Int
  ) throws(FFmpegError) -> [UInt8] {
    scaler = sws_getCachedContext(
      scaler, frame.pointee.width, frame.pointee.height, AVPixelFormat(frame.pointee.format), Int32(width),
      Int32(height), target, SWS_BICUBIC, nil, nil, nil)
    guard let scaler else { throw FFmpegError(code: FF_EINVAL, operation: "convert picture") }
    let coefficients = sws_getCoefficients(Self.matrix(of: frame))
    sws_setColorspaceDetails(
      scaler, coefficients, isFullRange(frame) ? 1 : 0, coefficients, 1, 0, 1 << 16, 1 << 16)
    // The scaler works in blocks of pixels and leaves out a block that the row has no room for.
    let stride = (width + 15) / 16 * 16 * bytesPerPixel
    let packed = width * bytesPerPixel
    var rows: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: stride * height + 64) { buffer, filled in
      rows = ff_scale(scaler, frame, buffer.baseAddress!, Int32(stride))
      if stride != packed, rows > 0 {
        let base = UnsafeMutableRawPointer(buffer.baseAddress!)
        for y in 1..<max(height, 2) where y < height { memmove(base + y * packed, base + y * stride, packed) }
      }
      filled = rows > 0 ? packed * height : 0
    }
    try check(rows, "convert picture")
    return pixels
  }

  /// Untagged pictures are BT.709 from 720 lines up, else BT.601.
  private static func matrix(of frame: UnsafeMutablePointer<AVFrame>) -> Int32 {
    switch frame.pointee.colorspace {
    case AVCOL_SPC_BT709: SWS_CS_ITU709
    case AVCOL_SPC_FCC: SWS_CS_FCC
    case AVCOL_SPC_SMPTE240M: SWS_CS_SMPTE240M
    case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: SWS_CS_BT2020
    case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: SWS_CS_ITU601
    default: frame.pointee.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601
    }
  }
}

private func hasAlpha(_ format: AVPixelFormat) -> Bool {
  guard let description = av_pix_fmt_desc_get(format) else { return false }
  return description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 || format == AV_PIX_FMT_PAL8
}

/// RGBA on a black ground.
private func overBlack(_ pixels: [UInt8], width: Int, height: Int) -> RGBImage {
  let count = width * height
  let packed = [UInt8](unsafeUninitializedCapacity: 3 * count) { buffer, filled in
    for n in 0..<count {
      let alpha = UInt32(pixels[4 * n + 3])
      for c in 0..<3 { buffer[3 * n + c] = UInt8((UInt32(pixels[4 * n + c]) * alpha + 127) / 255) }
    }
    filled = 3 * count
  }
  return RGBImage(width: width, height: height, pixels: packed)
}
