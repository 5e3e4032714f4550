import CFFmpeg
package import Media

/// Pictures as files.
package enum PictureFile {
  /// - Throws: `FFmpegError` when the encoder refuses, as for an empty picture.
  package static func bytes(_ image: RGBImage, as format: PictureFormat) throws(FFmpegError) -> [UInt8] {
    guard let codec = avcodec_find_encoder(format.codec) else {
      throw FFmpegError(code: FF_INVALID_DATA, operation: "find the encoder of \(format.rawValue)")
    }
    return try PictureEncoder(codec, image, format.pixels).encode(image)
  }
}

extension PictureFormat {
  fileprivate var codec: AVCodecID { self == .png ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG }
  fileprivate var pixels: AVPixelFormat { self == .png ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_YUVJ420P }
}

/// One picture's encoder.
private final class PictureEncoder {
  private let context: UnsafeMutablePointer<AVCodecContext>

  init(_ codec: UnsafePointer<AVCodec>, _ image: RGBImage, _ pixels: AVPixelFormat) {
    context = avcodec_alloc_context3(codec)!
    context.pointee.width = Int32(image.width)
    context.pointee.height = Int32(image.height)
    context.pointee.pix_fmt = pixels
    context.pointee.time_base = AVRational(num: 1, den: 1)
    context.pointee.thread_count = 1
  }

  deinit {
    var context = Optional(context)
    avcodec_free_context(&context)
  }

  func encode(_ image: RGBImage) throws(FFmpegError) -> [UInt8] {
    try check(avcodec_open2(context, nil, nil), "open picture encoder")
    let frame = Frame()
    frame.raw.pointee.width = context.pointee.width
    frame.raw.pointee.height = context.pointee.height
    frame.raw.pointee.format = context.pointee.pix_fmt.rawValue
    try check(av_frame_get_buffer(frame.raw, 0), "allocate picture")
    try fill(frame, image)
    try check(avcodec_send_frame(context, frame.raw), "encode picture")
    try check(avcodec_send_frame(context, nil), "encode picture")
    let packet = Packet()
    try check(avcodec_receive_packet(context, packet.raw), "encode picture")
    return Array(UnsafeBufferPointer(start: packet.raw.pointee.data, count: packet.byteCount))
  }

  private func fill(_ frame: borrowing Frame, _ image: RGBImage) throws(FFmpegError) {
    let (width, height) = (Int32(image.width), Int32(image.height))
    guard
      let scaler = sws_getContext(
        width, height, AV_PIX_FMT_RGB24, width, height, context.pointee.pix_fmt, SWS_BICUBIC | SWS_ACCURATE_RND, nil,
        nil, nil)
    else { throw FFmpegError(code: FF_EINVAL, operation: "convert picture") }
    defer { sws_freeContext(scaler) }
    let code = image.pixels.withUnsafeBufferPointer { ff_fill(scaler, $0.baseAddress!, width, height, frame.raw) }
    try check(code, "convert picture")
  }
}
