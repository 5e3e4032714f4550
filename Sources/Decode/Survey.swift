import CFFmpeg
import Media

/// What a container holds, and how far its stamps can be trusted.
struct Survey {
  private(set) var tracks: [TrackInfo] = []
  private(set) var timings: [Int: TrackTiming] = [:]
  private(set) var refusals: [String] = []
  let hasSeveralMediaEdits: Bool

  init(_ demuxer: Demuxer, _ edits: MovieEdits?) {
    hasSeveralMediaEdits = edits?.hasSeveralMediaEdits ?? false
    let muxer = demuxer.tag("encoder") ?? ""
    for index in 0..<demuxer.streamCount {
      let stream = demuxer.stream(index)
      guard let track = TrackInfo(stream) else { continue }
      if let reason = refusal(stream, track) {
        refusals.append("\(track.modality.rawValue) track \(index) (\(track.codec)): \(reason)")
        continue
      }
      tracks.append(track)
      timings[index] = timing(stream, demuxer, muxer, edits)
    }
  }

  private func refusal(_ stream: UnsafeMutablePointer<AVStream>, _ track: TrackInfo) -> String? {
    let parameters = stream.pointee.codecpar!
    switch track.modality {
    case .video:
      let pixels = Int(parameters.pointee.width) * Int(parameters.pointee.height)
      if pixels > Limits.pixels {
        return "\(parameters.pointee.width)×\(parameters.pointee.height) is beyond \(Limits.pixels) pixels"
      }
    case .audio:
      let channels = Int(parameters.pointee.ch_layout.nb_channels)
      let rate = Int(parameters.pointee.sample_rate)
      if channels > Limits.channels { return "\(channels) channels are beyond \(Limits.channels)" }
      if rate != 0, !Limits.sampleRates.contains(rate) { return "a sample rate of \(rate) Hz is out of range" }
    case .text:
      let description = avcodec_descriptor_get(parameters.pointee.codec_id)
      if description.map({ $0.pointee.props & AV_CODEC_PROP_TEXT_SUB == 0 }) ?? true { return "bitmap subtitles" }
    }
    if avcodec_find_decoder(parameters.pointee.codec_id) == nil { return "no decoder" }
    return nil
  }

  private func timing(
    _ stream: UnsafeMutablePointer<AVStream>, _ demuxer: Demuxer, _ muxer: String, _ edits: MovieEdits?
  ) -> TrackTiming {
    let container = demuxer.containerName
    var timing = TrackTiming(timeBase: Ratio(stream.pointee.time_base))
    timing.wrapBits = Int(stream.pointee.pts_wrap_bits)
    timing.precision = precision(container, muxer)
    // FFmpeg unwraps RTP's stamps itself, and puts them on one clock when the sender's reports have come. Transport
    // streams inside RTP (33 bits) bring a clock of their own.
    if rtp.contains(container), timing.wrapBits == 32 {
      timing.wrapBits = 64
      timing.precision = .cutOff
      timing.needsReports = demuxer.streamCount > 1
    }
    timing.isInferred = stampless.contains(container) || container.hasSuffix("_pipe") || hasSeveralMediaEdits
    let longest = min(demuxer.declaredDuration ?? .zero, TimeSpan(seconds: 86_400))
    timing.longestPicture = max(timing.longestPicture, longest)
    let rate = ff_frame_rate(stream)
    timing.isStill = container.hasSuffix("_pipe") || container == "image2"
    if !timing.isStill, rate.num > 0, rate.den > 0 {
      timing.nominalInterval = min(TimeSpan(ticks: Int64(rate.den), Ratio(1, Int64(rate.num))), TimeSpan(seconds: 60))
    }
    if let edits, !hasSeveralMediaEdits {
      timing.apply(edits.tracks[Int(stream.pointee.id)] ?? [], movieTimescale: edits.movieTimescale)
    }
    timing.shift = opusRepair(stream, container, muxer)
    return timing
  }

  private func precision(_ container: String, _ muxer: String) -> TrackTiming.Precision {
    if ["mpegts", "mpeg"].contains(container) { return .rounded }
    let millisecondContainers = ["matroska,webm", "flv", "live_flv", "asf", "rm"]
    guard millisecondContainers.contains(container) else { return .chosenTick }
    return muxer.hasPrefix("Lavf") ? .rounded : .cutOff
  }

  /// FFmpeg up to 5.1 wrote Opus into Matroska without adding the codec delay to its stamps, while every reader
  /// subtracts it: the sound comes too early by that delay.
  private func opusRepair(
    _ stream: UnsafeMutablePointer<AVStream>, _ container: String, _ muxer: String
  ) -> TimeSpan {
    let parameters = stream.pointee.codecpar!
    guard container == "matroska,webm", parameters.pointee.codec_id == AV_CODEC_ID_OPUS, muxer.hasPrefix("Lavf"),
      let major = Int(muxer.dropFirst(4).prefix { $0.isNumber }), major <= 59
    else { return .zero }
    return TimeSpan(ticks: Int64(parameters.pointee.initial_padding), Ratio(1, 48_000))
  }

  private let rtp: Set = ["rtsp", "sdp", "rtp"]

  /// Containers without presentation stamps: FFmpeg counts frames or bytes instead.
  private let stampless: Set = ["avi", "h264", "hevc", "m4v", "mpegvideo", "vc1", "av1", "obu", "ivf", "image2"]
}

extension TrackTiming {
  /// Lets a single media edit, possibly after an empty one, choose what is presented. FFmpeg has already
  /// moved the stamps so that the edit begins at the empty edit's end.
  fileprivate mutating func apply(_ edits: [MovieEdits.Edit], movieTimescale: Int64) {
    guard let media = edits.first(where: { $0.mediaTime >= 0 }) else { return }
    let movie = Ratio(1, movieTimescale)
    let empty = edits.first.map { $0.mediaTime < 0 ? $0.duration : 0 } ?? 0
    if empty > 0 { editHalfWidth = TimeSpan(ticks: 1, movie) }
    let start = TimeSpan(ticks: TimeSpan(ticks: empty, movie).ticks(timeBase), timeBase)
    presentedFrom = start
    if media.duration > 0 { presentedUntil = start + TimeSpan(ticks: media.duration, movie) }
  }
}

extension MovieEdits {
  /// Several stretches of media: then FFmpeg's own handling is the better one.
  var hasSeveralMediaEdits: Bool {
    tracks.values.contains { $0.dropFirst($0.first.map { $0.mediaTime < 0 } ?? false ? 1 : 0).count > 1 }
  }
}

extension TrackInfo {
  /// Nil for what is no sound, picture or text: data, and attached cover art.
  init?(_ stream: UnsafeMutablePointer<AVStream>) {
    let parameters = stream.pointee.codecpar!
    let modality: Modality
    switch parameters.pointee.codec_type {
    case AVMEDIA_TYPE_AUDIO: modality = .audio
    case AVMEDIA_TYPE_VIDEO where stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0: modality = .video
    case AVMEDIA_TYPE_SUBTITLE: modality = .text
    default: return nil
    }
    self.init(
      index: Int(stream.pointee.index), modality: modality, codec: codecName(parameters),
      startPTS: stream.pointee.start_time == FF_NOPTS ? nil : stream.pointee.start_time,
      timeBase: Ratio(stream.pointee.time_base), language: tagValue(stream.pointee.metadata, "language"),
      isDefault: stream.pointee.disposition & AV_DISPOSITION_DEFAULT != 0)
    if modality == .audio {
      sampleRate = Int(parameters.pointee.sample_rate)
      channels = Int(parameters.pointee.ch_layout.nb_channels)
    }
    if modality == .video {
      width = Int(parameters.pointee.width)
      height = Int(parameters.pointee.height)
    }
  }
}

extension Ratio {
  init(_ rational: AVRational) { self.init(Int64(max(rational.num, 1)), Int64(max(rational.den, 1))) }
}
