import CFFmpeg
import Media
import System

/// Reads compressed packets from one source, in file order.
final class Demuxer {
  let context: UnsafeMutablePointer<AVFormatContext>
  /// Nil for URLs, which FFmpeg opens itself.
  private let bytes: Bytes?
  private let patience: Patience

  private init(owning context: UnsafeMutablePointer<AVFormatContext>, _ bytes: Bytes?, _ patience: Patience) {
    self.context = context
    self.bytes = bytes
    self.patience = patience
  }

  deinit {
    var context = Optional(context)
    avformat_close_input(&context)
    withExtendedLifetime((bytes, patience)) {}
  }

  /// How a source is opened.
  enum Input {
    case bytes(ByteSource)
    /// A URL or a playlist, with the protocols it may use.
    case url(String, protocols: String)
  }

  /// Opens and probes. Stamps stay as stored: FFmpeg neither infers nor unwraps them, for a stamp inferred from a
  /// damaged one would agree with it.
  /// - Parameter advancedEdits: let FFmpeg apply edit lists (several media edits), else we do.
  static func open(
    _ input: Input, advancedEdits: Bool, interruption: Interruption
  ) throws(FFmpegError) -> Demuxer {
    var context = avformat_alloc_context()
    guard let fresh = context else { throw FFmpegError(code: FF_ENOMEM, operation: "open input") }
    let patience = Patience(interruption, questions: input.isRemote ? 10_000 : nil)
    fresh.pointee.interrupt_callback.callback = { opaque in
      Unmanaged<Patience>.fromOpaque(opaque!).takeUnretainedValue().isOver ? 1 : 0
    }
    fresh.pointee.interrupt_callback.opaque = Unmanaged.passUnretained(patience).toOpaque()
    fresh.pointee.correct_ts_overflow = 0
    fresh.pointee.max_streams = Int32(Limits.streams)
    var bytes: Bytes?
    var name = ""
    var options = Options()
    options["advanced_editlist"] = advancedEdits ? "1" : "0"
    options["scan_all_pmts"] = "0"
    switch input {
    case .bytes(let source):
      bytes = Bytes(source)
      fresh.pointee.pb = bytes!.context
      options["protocol_whitelist"] = "none"  // a disguised playlist opens nothing
    case .url(let url, let protocols):
      name = url
      options["protocol_whitelist"] = protocols
    }
    try patience.check(avformat_open_input(&context, name, nil, &options.dictionary), "open input")
    let demuxer = Demuxer(owning: context!, bytes, patience)
    if !counted.contains(demuxer.containerName) { demuxer.context.pointee.flags |= AVFMT_FLAG_NOFILLIN }
    try patience.check(demuxer.probe(), "find streams")
    patience.endOpening()
    return demuxer
  }

  /// Containers of sound without stamps: there FFmpeg's own count is the stamp, and padding is signalled by it.
  private static let counted: Set = [
    "aac", "ac3", "aiff", "amr", "ape", "au", "caf", "eac3", "flac", "mp3", "tta", "w64", "wav", "wv",
  ]

  /// The next packet, or nil at the end of the source.
  func next() throws(FFmpegError) -> Packet? {
    let packet = Packet()
    while true {
      let code = av_read_frame(context, packet.raw)
      if code == FF_EOF { return nil }
      if code == FF_EAGAIN { continue }
      try check(code, "read packet")
      return packet
    }
  }

  var containerName: String { String(cString: context.pointee.iformat.pointee.name) }
  /// As the container's header says it; nil where FFmpeg had to estimate.
  var declaredDuration: TimeSpan? {
    let duration = context.pointee.duration
    let isDeclared = context.pointee.duration_estimation_method == AVFMT_DURATION_FROM_STREAM
    return duration > 0 && isDeclared ? TimeSpan(ticks: duration, Ratio(1, Int64(AV_TIME_BASE))) : nil
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

/// When FFmpeg shall give up waiting or reading: it asks whenever it is about to do either.
private final class Patience {
  private let interruption: Interruption
  /// Questions left until the source is open; nil for no limit.
  private var questions: Int?

  /// - Parameter questions: a playlist that names itself would ask for ever.
  init(_ interruption: Interruption, questions: Int?) {
    self.interruption = interruption
    self.questions = questions
  }

  /// As `check`, and tells its own giving up from that of the user.
  func check(_ code: Int32, _ operation: String) throws(FFmpegError) {
    if code == FF_EXIT, questions == 0 { throw FFmpegError(code: FF_INVALID_DATA, operation: "follow its playlists") }
    try Decode.check(code, operation)
  }

  var isOver: Bool {
    if let left = questions {
      if left <= 0 { return true }
      questions = left - 1
    }
    return interruption.isRaised
  }

  func endOpening() { questions = nil }
}

/// FFmpeg's view of a `ByteSource`.
private final class Bytes {
  let context: UnsafeMutablePointer<AVIOContext>
  private let source: ByteSource

  init(_ source: ByteSource) {
    self.source = source
    let size: Int32 = 1 << 16
    let buffer = av_malloc(Int(size))!.assumingMemoryBound(to: UInt8.self)
    context = avio_alloc_context(
      buffer, size, 0, Unmanaged.passUnretained(source).toOpaque(),
      { opaque, buffer, count in
        let source = Unmanaged<ByteSource>.fromOpaque(opaque!).takeUnretainedValue()
        let got = source.read(UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)))
        return got == 0 ? FF_EOF : got
      }, nil,
      { opaque, offset, whence in
        Unmanaged<ByteSource>.fromOpaque(opaque!).takeUnretainedValue().seek(offset, whence)
      })!
    context.pointee.seekable = source.isSeekable ? AVIO_SEEKABLE_NORMAL : 0
    if !source.isSeekable { context.pointee.seek = nil }
  }

  deinit {
    var context = Optional(context)
    av_freep(&self.context.pointee.buffer)
    avio_context_free(&context)
  }
}

/// FFmpeg's dictionary of options; what it consumed leaves it.
private struct Options: ~Copyable {
  var dictionary: OpaquePointer?

  subscript(key: String) -> String {
    get { tagValue(dictionary, key) ?? "" }
    set { av_dict_set(&dictionary, key, newValue, 0) }
  }

  deinit {
    var dictionary = dictionary
    av_dict_free(&dictionary)
  }
}

func tagValue(_ dictionary: OpaquePointer?, _ key: String) -> String? {
  av_dict_get(dictionary, key, nil, 0).map { String(cString: $0.pointee.value) }
}
