import CFFmpeg
import Media
import System

extension Demuxer {
  /// What is opened, and how.
  enum Input {
    case bytes(ByteSource)
    /// A playlist in a folder, which may name its neighbours.
    case playlist(String)
    case url(String)
    /// A session description: its word opens ports for RTP.
    case session(ByteSource)
    /// A camera or microphone of this machine.
    case device(String, format: String)
  }
}

extension Demuxer.Input {
  /// - Throws: `SourceError.unreadable`.
  init(_ name: String, from base: Int64, _ live: LiveOptions, _ interruption: Interruption) throws(SourceError) {
    let name = SourceScheme.lowered(name)
    if live.isSessionDescription {
      self = .session(try .open(path: path(name), interruption: interruption))
    } else if name == "-" {
      self = .bytes(.standardInput(interruption: interruption))
    } else if name.hasPrefix("file://") {
      self = .bytes(try .open(path: path(name), from: base, interruption: interruption))
    } else if let scheme = SourceScheme.of(name) {
      let place = String(name.dropFirst(scheme.count + 3))
      self = Devices.formats[scheme].map { .device(place, format: $0) } ?? .url(name)
    } else if name.hasSuffix(".m3u8") {
      let source = try ByteSource.open(path: name, interruption: interruption)
      withExtendedLifetime(source) {}
      self = .playlist("file:" + name)
    } else {
      self = .bytes(try .open(path: name, from: base, interruption: interruption))
    }
  }

  /// What FFmpeg opens by itself, by this name.
  var name: String {
    switch self {
    case .bytes, .session: ""
    case .playlist(let name), .url(let name), .device(let name, _): name
    }
  }

  var bytes: ByteSource? {
    switch self {
    case .bytes(let source), .session(let source): source
    case .playlist, .url, .device: nil
    }
  }

  var url: String? { if case .url(let url) = self { url } else { nil } }

  /// The demuxer to use; nil: FFmpeg finds it.
  func format() throws(FFmpegError) -> UnsafePointer<AVInputFormat>? {
    switch self {
    case .session: av_find_input_format("sdp")
    case .device(_, let format): try Devices.format(format)
    case .bytes, .playlist, .url: nil
    }
  }

  /// Waits for others, beyond what an own file can make it wait.
  var isRemote: Bool {
    switch self {
    case .bytes, .playlist: false
    case .url, .session, .device: true
    }
  }

  /// Its playlists may lead in a circle.
  var mayRecur: Bool {
    switch self {
    case .playlist: true
    case .url(let url): ["http", "https"].contains(SourceScheme.of(url))
    case .bytes, .session, .device: false
    }
  }

  /// Whether somebody may wait for its records.
  var isStreaming: Bool { if case .bytes(let source) = self { !source.isSeekable } else { isRemote } }

  /// The sender sets the pace.
  var isPaced: Bool {
    switch self {
    case .bytes, .playlist: false
    case .url: !mayRecur
    case .session, .device: true
    }
  }

  /// Whether anything has come from the sender, as far as can be seen from outside while it is being opened.
  func hasSpoken(_ context: UnsafeMutablePointer<AVFormatContext>) -> Bool {
    // A session description's own bytes are none of the sender's.
    if bytes == nil, let stream = context.pointee.pb, stream.pointee.bytes_read > 0 { return true }
    return (0..<Int(context.pointee.nb_streams)).contains {
      context.pointee.streams[$0]!.pointee.event_flags & AVSTREAM_EVENT_FLAG_NEW_PACKETS != 0
    }
  }

  /// Is open only when a packet has told what it carries: RTP that nobody has described.
  var speaksFirst: Bool { SourceScheme.of(name) == "rtp" }

  /// How long one packet may take once the source is open; nil: as long as it likes. Datagrams do not trickle.
  func packetWait(_ live: LiveOptions) -> TimeSpan? {
    guard isRemote else { return nil }
    return isRTP || SourceScheme.of(name) == "udp" ? live.silenceWait : live.packetWait
  }

  private var isRTP: Bool {
    switch self {
    case .session: true
    case .url(let url): ["rtsp", "rtsps", "rtp"].contains(SourceScheme.of(url))
    case .bytes, .playlist, .device: false
    }
  }

  /// The errno of a read that failed under FFmpeg's hands.
  var failure: Int32? { bytes.flatMap { $0.failure != 0 ? $0.failure : nil } }

  /// What FFmpeg is told beside the name. What an input's demuxer and protocols do not know, they leave.
  func configure(_ options: inout Options, _ live: LiveOptions) {
    options["protocol_whitelist"] = protocols
    guard isRemote else { return }
    if isPaced {
      // Enough to see every track once at a key frame a second; what need not be waited for is looked at longer. RTP
      // has no decoding stamps: who looks for them, or for frame rates by them, looks for ever.
      options["analyzeduration"] = "1500000"
      options["fpsprobesize"] = isRTP ? "0" : "3"
      options["max_ts_probe"] = "2"
    }
    options["rw_timeout"] = String(live.silenceWait.microsecondCount)
    let rtsp = live.listens ? "listen" : live.transport == .automatic ? "prefer_tcp" : nil
    switch SourceScheme.of(name) {
    case "rtsp", "rtsps":
      if let rtsp { options["rtsp_flags"] = rtsp }
      if live.transport != .automatic { options["rtsp_transport"] = live.transport.rawValue }
      options["timeout"] = String(live.silenceWait.microsecondCount)
    case "rtmp", "rtmps", "tcp": if live.listens { options["listen"] = "1" }
    case "srt": if live.listens { options["mode"] = "listener" }
    case "udp":
      options["overrun_nonfatal"] = "1"
      options["fifo_size"] = "8192"  // packets of 188 bytes: half a second at 25 Mbit/s
      // FFmpeg would listen to everybody.
      if let host = loopbackHost { options["localaddr"] = host }
    default: break
    }
  }

  /// The host of a URL that names this machine alone.
  private var loopbackHost: String? {
    let host = name.drop { $0 != ":" }.dropFirst(3).prefix { !":/?".contains($0) }
    return host.hasPrefix("127.") ? String(host) : nil
  }

  private var protocols: String {
    switch self {
    case .bytes, .device: "none"  // a disguised playlist opens nothing
    case .playlist: "file,crypto,data"
    case .session: "rtp,udp"
    // No `file` here: what comes from the network opens nothing of this machine.
    case .url: (SourceScheme.network + ["tls", "crypto", "hls"]).joined(separator: ",")
    }
  }
}

private func path(_ name: String) -> String { name.hasPrefix("file://") ? String(name.dropFirst(7)) : name }

extension TimeSpan {
  fileprivate var microsecondCount: Int64 { nanoseconds / 1000 }
}
