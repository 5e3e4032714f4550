import CFFmpeg
import Media
import System

/// Reads compressed packets from one source, in file order.
final class Demuxer {
  let context: UnsafeMutablePointer<AVFormatContext>
  /// Nil for what FFmpeg opens itself.
  private let bytes: ByteView?
  private let datagrams: DatagramSource?
  private let patience: Patience
  private let guardian: NetworkGuard?
  /// How long one packet may take; nil: as long as it likes.
  private var packetWait: TimeSpan?

  private init(
    owning context: UnsafeMutablePointer<AVFormatContext>, _ bytes: ByteView?, _ datagrams: DatagramSource?,
    _ patience: Patience, _ guardian: NetworkGuard?
  ) {
    self.context = context
    self.bytes = bytes
    self.datagrams = datagrams
    self.patience = patience
    self.guardian = guardian
  }

  deinit {
    patience.stopWatching()
    var context = Optional(context)
    PacketLosses.end(self.context)
    avformat_close_input(&context)
    withExtendedLifetime((bytes, datagrams, patience, guardian)) {}
  }

  /// Opens and probes. Stamps stay as stored: FFmpeg neither infers nor unwraps them, for a stamp inferred from a
  /// damaged one would agree with it.
  /// - Parameter advancedEdits: let FFmpeg apply edit lists (several media edits), else we do.
  static func open(
    _ input: Input, advancedEdits: Bool, live: LiveOptions, clock: HostClock, interruption: Interruption
  ) throws(FFmpegError) -> Demuxer {
    let patience = Patience(interruption, questions: input.mayRecur ? 10_000 : nil, clock: clock)
    if input.isRemote { patience.begin(live.openingWait) }
    var options = Options()
    options["advanced_editlist"] = advancedEdits ? "1" : "0"
    options["scan_all_pmts"] = "0"
    input.configure(&options, live)
    let format = try input.format()
    var datagrams: DatagramSource?
    if let url = input.url { datagrams = try .open(url, options, live, patience, clock) }
    var context = avformat_alloc_context()
    guard let fresh = context else { throw FFmpegError(code: FF_ENOMEM, operation: "open input") }
    if input.isPaced { patience.extend(by: live.findingWait) { input.hasSpoken(fresh) } }
    fresh.pointee.interrupt_callback.callback = { opaque in
      Unmanaged<Patience>.fromOpaque(opaque!).takeUnretainedValue().isOver ? 1 : 0
    }
    fresh.pointee.interrupt_callback.opaque = Unmanaged.passUnretained(patience).toOpaque()
    fresh.pointee.correct_ts_overflow = 0
    fresh.pointee.max_streams = Int32(Limits.streams)
    let bytes = input.bytes.map(ByteView.init)
    fresh.pointee.pb = bytes?.context ?? datagrams?.context
    let guardian = input.url.map { NetworkGuard($0, NetworkReach($0), fresh) }
    patience.onQuestion = guardian?.noteConnecting
    PacketLosses.begin(fresh)
    let code = avformat_open_input(&context, input.name, format, &options.dictionary)
    if code < 0 { PacketLosses.end(fresh) }
    try patience.check(guardian?.explained(code) ?? code, "open input")
    let demuxer = Demuxer(owning: context!, bytes, datagrams, patience, guardian)
    if input.speaksFirst { patience.extend(by: live.findingWait) { true } }
    if !counted.contains(demuxer.containerName) { demuxer.context.pointee.flags |= AVFMT_FLAG_NOFILLIN }
    try patience.check(demuxer.probe(), "find streams")
    patience.endOpening()
    demuxer.packetWait = input.packetWait(live)
    return demuxer
  }

  /// Containers of sound without stamps: there FFmpeg's own count is the stamp, and padding is signalled by it.
  private static let counted: Set = [
    "aac", "ac3", "aiff", "amr", "ape", "au", "caf", "eac3", "flac", "mp3", "tta", "w64", "wav", "wv",
  ]

  /// The next packet, or nil at the end of the source.
  func next() throws(FFmpegError) -> Packet? {
    let packet = Packet()
    if let packetWait { patience.begin(packetWait) }
    while true {
      let code = av_read_frame(context, packet.raw)
      // A demuxer may take bytes that cannot be read for the end.
      if code == FF_EOF, isInputBroken { throw FFmpegError(code: FF_EIO, operation: "read packet") }
      if code == FF_EOF, !patience.isOver { return nil }
      if code == FF_EAGAIN, !patience.isOver { continue }
      try patience.check(code, "read packet")
      return packet
    }
  }

  /// Some bytes of a file or pipe could not be read.
  var isInputBroken: Bool { bytes?.hasFailed ?? false }

  /// What was lost on the way here, and what was put right.
  var losses: Counters {
    var all = PacketLosses.counted(context)
    if let datagrams { all.add(datagrams.counters) }
    return all
  }

  var containerName: String { String(cString: context.pointee.iformat.pointee.name) }
  /// As the container's header says it; nil where FFmpeg had to estimate.
  var declaredDuration: TimeSpan? {
    let duration = context.pointee.duration
    let isDeclared = context.pointee.duration_estimation_method == AVFMT_DURATION_FROM_STREAM
    return duration > 0 && isDeclared ? TimeSpan(ticks: duration, Ratio(1, Int64(AV_TIME_BASE))) : nil
  }

  /// Whether the source has an end that it knows of: its duration or its size.
  var isBounded: Bool {
    if context.pointee.duration > 0 { return true }
    // A playlist's own size says nothing of what it plays.
    guard containerName != "hls", let bytes = context.pointee.pb else { return false }
    return avio_size(bytes) > 0
  }

  var streamCount: Int { Int(context.pointee.nb_streams) }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> { context.pointee.streams[index]! }

  /// A container tag such as `encoder` or `creation_time`.
  func tag(_ key: String) -> String? { tagValue(context.pointee.metadata, key) }

  /// Finds codecs and sizes; every stream's decoder is held to the picture limit and one thread.
  private func probe() -> Int32 {
    let count = streamCount
    let perStream = UnsafeMutablePointer<OpaquePointer?>.allocate(capacity: max(count, 1))
    for n in 0..<count {
      perStream[n] = nil
      av_dict_set(&perStream[n], "max_pixels", String(Limits.pixels), 0)
      av_dict_set(&perStream[n], "threads", "1", 0)
    }
    defer {
      for n in 0..<count { av_dict_free(&perStream[n]) }
      perStream.deallocate()
    }
    return avformat_find_stream_info(context, perStream)
  }
}

/// What we refuse: beyond these a track costs more than it can mean.
enum Limits {
  /// 8K UHD fits; 8192² does not.
  static let pixels = 36_000_000
  static let channels = 64
  static let sampleRates = 4_000...384_000
  /// Tracks of all kinds in one source.
  static let streams = 64
}
