import CFFmpeg
import Media

/// Brings decoded sound to mono floats at its own rate. Stereo is the mean; more channels of a known layout
/// follow the ITU-R BS.775 downmix without LFE, normalised to sum 1; unknown layouts the mean.
struct SoundConverter: ~Copyable {
  private let context: OpaquePointer
  private let format: Format

  /// What a converter was made for; another frame format needs another converter.
  private struct Format: Equatable {
    let sampleFormat: Int32
    let rate: Int32
    let channels: [UInt32]
  }

  private init(owning context: OpaquePointer, _ format: Format) {
    self.context = context
    self.format = format
  }

  deinit {
    var context = Optional(context)
    swr_free(&context)
  }

  static func open(for frame: borrowing Frame) throws(FFmpegError) -> SoundConverter {
    var mono = AVChannelLayout()
    av_channel_layout_default(&mono, 1)
    var context: OpaquePointer?
    let raw = frame.raw
    guard Limits.sampleRates.contains(Int(raw.pointee.sample_rate)),
      Int(raw.pointee.ch_layout.nb_channels) <= Limits.channels
    else { throw FFmpegError(code: FF_INVALID_DATA, operation: "sound beyond limits") }
    try check(
      swr_alloc_set_opts2(
        &context, &mono, AV_SAMPLE_FMT_FLT, raw.pointee.sample_rate, &raw.pointee.ch_layout,
        AVSampleFormat(rawValue: raw.pointee.format), raw.pointee.sample_rate, 0, nil),
      "configure sound conversion")
    let format = Self.format(of: frame)
    let converter = SoundConverter(owning: context!, format)
    let weights = Self.weights(format.channels)
    try check(swr_set_matrix(converter.context, weights, Int32(weights.count)), "set downmix")
    try check(swr_init(converter.context), "start sound conversion")
    return converter
  }

  func fits(_ frame: borrowing Frame) -> Bool { format == Self.format(of: frame) }

  mutating func convert(_ frame: borrowing Frame) throws(FFmpegError) -> [Float] {
    let room = frame.raw.pointee.nb_samples
    var count: Int32 = 0
    let samples = [Float](unsafeUninitializedCapacity: Int(room)) { buffer, filled in
      count = ff_convert(context, buffer.baseAddress!, room, frame.raw)
      filled = Int(max(count, 0))
    }
    try check(count, "convert sound")
    return samples
  }

  private static func format(of frame: borrowing Frame) -> Format {
    let count = UInt32(frame.raw.pointee.ch_layout.nb_channels)
    let channels = (0..<count).map { channel in
      UInt32(bitPattern: Int32(av_channel_layout_channel_from_index(&frame.raw.pointee.ch_layout, channel).rawValue))
    }
    return Format(sampleFormat: frame.raw.pointee.format, rate: frame.raw.pointee.sample_rate, channels: channels)
  }

  /// One weight a channel, of sum 1.
  private static func weights(_ channels: [UInt32]) -> [Double] {
    let parts = channels.map(part)
    guard channels.count > 2, parts.allSatisfy({ $0 != nil }), parts.contains(where: { $0! > 0 }) else {
      return channels.map { _ in 1 / Double(channels.count) }
    }
    let sum = parts.reduce(0) { $0 + $1! }
    return parts.map { $0! / sum }
  }

  /// A channel's part in left plus right of the ITU downmix; nil where it says nothing of the channel.
  private static func part(_ channel: UInt32) -> Double? {
    switch AVChannel(Int32(bitPattern: channel)) {
    case AV_CHAN_FRONT_LEFT, AV_CHAN_FRONT_RIGHT, AV_CHAN_FRONT_LEFT_OF_CENTER, AV_CHAN_FRONT_RIGHT_OF_CENTER: 1
    case AV_CHAN_FRONT_CENTER: 2 * 0.5.squareRoot()
    case AV_CHAN_SIDE_LEFT, AV_CHAN_SIDE_RIGHT, AV_CHAN_BACK_LEFT, AV_CHAN_BACK_RIGHT: 0.5.squareRoot()
    case AV_CHAN_BACK_CENTER: 1
    case AV_CHAN_LOW_FREQUENCY, AV_CHAN_LOW_FREQUENCY_2: 0
    default: nil
    }
  }
}
