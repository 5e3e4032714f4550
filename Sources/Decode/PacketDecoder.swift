import CFFmpeg
import Media

/// Turns packets of one stream into frames. Feed it one, then ask until it is hungry.
struct PacketDecoder: ~Copyable {
  let context: UnsafeMutablePointer<AVCodecContext>

  private init(owning context: UnsafeMutablePointer<AVCodecContext>) { self.context = context }

  deinit {
    var context = Optional(context)
    avcodec_free_context(&context)
  }

  static func open(
    _ stream: UnsafeMutablePointer<AVStream>, threads: Int, isLive: Bool = false
  ) throws(FFmpegError) -> PacketDecoder {
    let parameters = stream.pointee.codecpar!
    guard let codec = avcodec_find_decoder(parameters.pointee.codec_id),
      let context = avcodec_alloc_context3(codec)
    else { throw FFmpegError(code: FF_INVALID_DATA, operation: "no decoder for \(codecName(parameters))") }
    let decoder = PacketDecoder(owning: context)
    try check(avcodec_parameters_to_context(context, parameters), "configure decoder")
    context.pointee.pkt_timebase = stream.pointee.time_base
    context.pointee.thread_count = Int32(threads)
    // Threads that each take a frame hold as many back.
    if isLive { context.pointee.thread_type = FF_THREAD_SLICE }
    context.pointee.max_pixels = Int64(Limits.pixels)
    // Padding is cut by the timeline, in whole samples: the decoder would round it to ticks.
    context.pointee.flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL
    try check(avcodec_open2(context, codec, nil), "open decoder")
    return decoder
  }

  /// - Parameter passOver: nothing will look at this picture: a decoder may leave it out if no other needs it.
  mutating func feed(_ packet: Packet, passOver: Bool = false) throws(FFmpegError) {
    context.pointee.skip_frame = passOver ? AVDISCARD_NONREF : AVDISCARD_DEFAULT
    try check(avcodec_send_packet(context, packet.raw), "decode packet")
  }

  /// No more packets; what is inside still comes out.
  mutating func finish() throws(FFmpegError) {
    let code = avcodec_send_packet(context, nil)
    if code != FF_EOF { try check(code, "drain decoder") }
  }

  /// Ready for packets again after `finish` or a seek.
  mutating func reset() { avcodec_flush_buffers(context) }

  /// The next frame, or nil when the decoder wants another packet (or, once finished, has no more).
  mutating func next() throws(FFmpegError) -> Frame? {
    let frame = Frame()
    let code = avcodec_receive_frame(context, frame.raw)
    if code == FF_EAGAIN || code == FF_EOF { return nil }
    try check(code, "decode frame")
    return frame
  }

  /// Codecs whose decoders pass over pictures that no other needs, without changing the others.
  var canPassOver: Bool {
    switch context.pointee.codec_id {
    case AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO: true
    default: false
    }
  }
}

func codecName(_ parameters: UnsafeMutablePointer<AVCodecParameters>) -> String {
  String(cString: avcodec_get_name(parameters.pointee.codec_id))
}
