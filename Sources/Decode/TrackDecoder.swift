import CFFmpeg
import Media

/// One selected track: its decoder and what brings its frames into plain form.
final class TrackDecoder {
  private enum Kind {
    case sound, picture, text
  }

  private let kind: Kind
  private let stream: UnsafeMutablePointer<AVStream>
  private let orientation: Orientation
  private var decoder: PacketDecoder
  private var converter = Holder()
  /// Stamps of pictures that were passed over and have not come out decoded, ascending.
  private var passedOver: [PassedPicture] = []
  /// Stamps that tell nothing about the order.
  private var doubtful: Set<Int64> = []

  private struct PassedPicture {
    let pts: Int64
    let duration: Int64
  }

  /// A noncopyable converter that may be absent.
  private struct Holder: ~Copyable {
    var sound: SoundConverter?
  }

  private init(_ stream: UnsafeMutablePointer<AVStream>, _ decoder: consuming PacketDecoder) {
    self.stream = stream
    self.decoder = decoder
    orientation = Orientation(matrix: ff_display_matrix(stream))
    kind =
      switch stream.pointee.codecpar.pointee.codec_type {
      case AVMEDIA_TYPE_AUDIO: .sound
      case AVMEDIA_TYPE_VIDEO: .picture
      default: .text
      }
  }

  static func open(
    _ stream: UnsafeMutablePointer<AVStream>, threads: Int, isLive: Bool
  ) throws(FFmpegError) -> TrackDecoder {
    let isPicture = stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
    return TrackDecoder(stream, try PacketDecoder.open(stream, threads: isPicture ? threads : 1, isLive: isLive))
  }

  var canPassOver: Bool { kind == .picture && decoder.canPassOver }

  func decode(_ packet: Packet, passOver: Bool) -> Decoded {
    if kind == .text { return decodeCue(packet) }
    var decoded = Decoded()
    if kind == .sound, packet.pts == nil { packet.pts = packet.dts }  // sound is never reordered
    if packet.isDoubtful, let pts = packet.pts { doubtful.insert(pts) }
    if passOver, let pts = packet.pts { remember(PassedPicture(pts: pts, duration: packet.duration)) }
    do throws(FFmpegError) { try decoder.feed(packet, passOver: passOver) } catch { decoded.failures += 1 }
    receive(into: &decoded)
    return decoded
  }

  func drain() -> Decoded {
    var decoded = Decoded()
    guard kind != .text else { return decoded }
    do throws(FFmpegError) { try decoder.finish() } catch { decoded.failures += 1 }
    receive(into: &decoded)
    decoded.pictures += takePassedOver(before: .max)
    reset()
    return decoded
  }

  func reset() {
    decoder.reset()
    passedOver = []
    doubtful = []
  }

  private func receive(into decoded: inout Decoded) {
    while true {
      do throws(FFmpegError) {
        guard let frame = try decoder.next() else { return }
        if kind == .sound {
          decoded.sounds.append(try sound(frame))
        } else {
          decoded.pictures += pictures(frame)
        }
      } catch {
        decoded.failures += 1
        if error.code == FF_ENOMEM { return }
      }
    }
  }

  private func sound(_ frame: borrowing Frame) throws(FFmpegError) -> DecodedSound {
    if !(converter.sound?.fits(frame) ?? false) { converter.sound = try .open(for: frame) }
    var (start, end): (UInt32, UInt32) = (0, 0)
    ff_skip_samples(frame.raw, &start, &end)
    return DecodedSound(
      pts: frame.pts, samples: try converter.sound!.convert(frame), rate: Int(frame.raw.pointee.sample_rate),
      skipStart: Int(start), skipEnd: Int(end), isCorrupt: frame.isCorrupt)
  }

  /// The picture itself, after those that were passed over before it.
  private func pictures(_ frame: borrowing Frame) -> [DecodedPicture] {
    let picture = DecodedPicture(
      pts: frame.pts, dts: frame.dts, duration: ff_duration(frame.raw),
      image: PictureFrame(frame, orientation), isCorrupt: frame.isCorrupt)
    guard let pts = frame.pts, doubtful.remove(pts) == nil else { return [picture] }
    let earlier = takePassedOver(before: pts)
    if passedOver.first?.pts == pts { passedOver.removeFirst() }
    return earlier + [picture]
  }

  private func remember(_ picture: PassedPicture) {
    let at = passedOver.lastIndex { $0.pts < picture.pts }.map { $0 + 1 } ?? 0
    passedOver.insert(picture, at: at)
  }

  private func takePassedOver(before pts: Int64) -> [DecodedPicture] {
    let earlier = passedOver.prefix { $0.pts < pts }
    passedOver.removeFirst(earlier.count)
    return earlier.map { DecodedPicture(pts: $0.pts, duration: $0.duration, image: nil) }
  }

  private func decodeCue(_ packet: Packet) -> Decoded {
    var decoded = Decoded()
    var subtitle = AVSubtitle()
    var isComplete: Int32 = 0
    guard avcodec_decode_subtitle2(decoder.context, &subtitle, &isComplete, packet.raw) >= 0 else {
      decoded.failures = 1
      return decoded
    }
    defer { avsubtitle_free(&subtitle) }
    guard isComplete != 0, let pts = packet.pts ?? packet.dts else { return decoded }
    let lines = (0..<Int(subtitle.num_rects)).compactMap { subtitle.rects[$0]?.pointee.ass.map { String(cString: $0) } }
    let text = lines.map(plainText(ofASS:)).filter { !$0.isEmpty }.joined(separator: "\n")
    let milliseconds = Int64(subtitle.end_display_time)
    let shown =
      milliseconds > 0 && milliseconds < Int64(UInt32.max)
      ? av_rescale_q(milliseconds, AVRational(num: 1, den: 1000), stream.pointee.time_base) : nil
    let duration = packet.duration > 0 ? packet.duration : shown
    decoded.cues = [DecodedCue(pts: pts, duration: duration, text: text)]
    return decoded
  }
}
