import CFFmpeg

/// One compressed packet.
package final class Packet {
  let raw: UnsafeMutablePointer<AVPacket>

  init() { raw = av_packet_alloc()! }

  deinit {
    var raw = Optional(raw)
    av_packet_free(&raw)
  }

  /// Index of its stream in the container.
  package var stream: Int { Int(raw.pointee.stream_index) }
  package var byteCount: Int { Int(raw.pointee.size) }

  /// Presentation stamp in the stream's time base, as stored; writable so that the timeline can unwrap it
  /// before the decoder carries it to the frame.
  package var pts: Int64? {
    get { stamp(raw.pointee.pts) }
    set { raw.pointee.pts = newValue ?? FF_NOPTS }
  }

  package var dts: Int64? {
    get { stamp(raw.pointee.dts) }
    set { raw.pointee.dts = newValue ?? FF_NOPTS }
  }

  /// Its presentation stamp stands alone, far from those around it: nothing may be ordered by it.
  package var isDoubtful = false

  package var isCorrupt: Bool { raw.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }
  package var isKey: Bool { raw.pointee.flags & AV_PKT_FLAG_KEY != 0 }
  /// Declared duration; 0 when unknown.
  package var duration: Int64 { raw.pointee.duration }

  /// When the sender captured it by its own clock, in microseconds since 1970: RTP after the sender's report.
  package var senderTime: Int64? { stamp(ff_sender_time(raw)) }

  /// The byte of the source at which it begins, nil when unknown.
  package var position: Int64? { raw.pointee.pos >= 0 ? raw.pointee.pos : nil }
}

/// One decoded frame and its only owner.
struct Frame: ~Copyable {
  let raw: UnsafeMutablePointer<AVFrame>

  init() { raw = av_frame_alloc()! }

  deinit {
    var raw = Optional(raw)
    av_frame_free(&raw)
  }

  var pts: Int64? { stamp(raw.pointee.pts) }
  var dts: Int64? { stamp(raw.pointee.pkt_dts) }
  var isCorrupt: Bool {
    raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || raw.pointee.decode_error_flags != 0
  }
}

private func stamp(_ value: Int64) -> Int64? { value == FF_NOPTS ? nil : value }
