/// One source of the daemon.
package struct SourceConfig: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    /// By its address.
    case auto
    case live, file, directory
  }

  package enum Transport: String, CaseIterable, Sendable {
    case tcp, udp
  }

  package enum WhenFull: String, CaseIterable, Sendable {
    /// Nothing is lost; the source waits.
    case block
    /// Nothing waits; whole windows are lost and counted.
    case dropOldest = "drop_oldest"
  }

  /// What `limits.sources` may be at most.
  static let most = 1024

  /// Of its records: `[A-Za-z0-9._-]{1,64}`.
  package let name: String
  package var url = SourceAddress(unchecked: "")
  package var kind = Kind.auto
  /// Of RTSP.
  package var transport = Transport.tcp
  /// Waits for a publisher instead of calling one.
  package var listen = false
  /// As `--tracks` spells them; nil: the daemon's.
  package var tracks: String?
  /// What happens while the buffer is full; nil: files block, live sources drop.
  package var onFull: WhenFull?
  /// Bytes that it may hold back; nil: `limits.source_buffer`.
  package var buffer: Int?
  /// Begins again at the end of a file.
  package var loop = false
  package var enabled = true

  /// What happens while the buffer is full.
  package func onFull(isLive: Bool) -> WhenFull { onFull ?? (isLive ? .dropOldest : .block) }

  init(name: String) { self.name = name }

  static func settings(_ words: Vocabulary) -> [Setting<SourceConfig>] {
    [
      Setting("url", .address, \.url),
      Setting("kind", .choice, \.kind),
      Setting("transport", .choice, \.transport),
      Setting("listen", .flag, \.listen),
      Setting("tracks", words.tracks, \.tracks, word: "auto"),
      Setting("on_full", .choice, \.onFull, word: "auto"),
      Setting("buffer", .size(1 << 20...4 << 30), \.buffer, word: "auto"),
      Setting("loop", .flag, \.loop),
      Setting("enabled", .flag, \.enabled),
    ]
  }
}
