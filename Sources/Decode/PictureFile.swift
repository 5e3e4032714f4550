import CFFmpeg
package import Media

/// Pictures as files.
package enum PictureFile {
  /// - Throws: `FFmpegError` when the encoder refuses, as for an empty picture.
  package static func png(_ image: RGBImage) throws(FFmpegError) -> [UInt8] {
    guard let codec = avcodec_find_encoder(AV_CODEC_ID_PNG) else {
      throw FFmpegError(code: FF_INVALID_DATA, operation: "find the PNG encoder")
    }
    let encoder = PictureEncoder(codec, image)
    return try encoder.encode(image)
  }
}

/// One picture's encoder.
private final class PictureEncoder {
  private let context: UnsafeMutablePointer<AVCodecContext>

  init(_ codec: UnsafePointer<AVCodec>, _ image: RGBImage) {
    context = avcodec_alloc_context3(codec)!
    context.pointee.width = Int32(image.width)
    context.pointee.height = Int32(image.height)
    context.pointee.pix_fmt = AV_PIX_FMT_RGB24
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
    frame.raw.pointee.format = AV_PIX_FMT_RGB24.rawValue
    try check(av_frame_get_buffer(frame.raw, 0), "allocate picture")
    let stride = Int(frame.raw.pointee.linesize.0)
    image.pixels.withUnsafeBytes { pixels in
      for y in 0..<image.height {
        let row = UnsafeRawBufferPointer(rebasing: pixels[3 * image.width * y..<3 * image.width * (y + 1)])
        UnsafeMutableRawPointer(frame.raw.pointee.data.0! + stride * y).copyMemory(
          from: row.baseAddress!, byteCount: row.count)
      }
    }
    try check(avcodec_send_frame(context, frame.raw), "encode picture")
    try check(avcodec_send_frame(context, nil), "encode picture")
    let packet = Packet()
    try check(avcodec_receive_packet(context, packet.raw), "encode picture")
    return Array(UnsafeBufferPointer(start: packet.raw.pointee.data, count: packet.byteCount))
  }
}
