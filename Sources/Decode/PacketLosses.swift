import CFFmpeg
import Glibc
import Media
import Synchronization

/// Packets that FFmpeg's RTP missed. It has no field for them and tells them by its log alone, as text, together with
/// the demuxer that they belong to.
enum PacketLosses {
  /// By the address of the demuxer.
  private static let counts = Mutex<[UInt: Counters]>([:])

  static func begin(_ demuxer: UnsafeRawPointer) {
    let key = UInt(bitPattern: demuxer)
    counts.withLock { $0[key] = Counters() }
  }

  static func end(_ demuxer: UnsafeRawPointer) {
    let key = UInt(bitPattern: demuxer)
    counts.withLock { $0[key] = nil }
  }

  static func counted(_ demuxer: UnsafeRawPointer) -> Counters {
    let key = UInt(bitPattern: demuxer)
    return counts.withLock { $0[key] } ?? Counters()
  }

  /// Listens to the log from now on; nothing of it is printed any more.
  static func listen() {
    av_log_set_callback { speaker, _, format, arguments in
      // Most of what is said is not for us: this looks at the first letters alone.
      guard let speaker, let format, strncmp(format, "RTP: ", 5) == 0, let arguments else { return }
      let line = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 80) { text in
        vsnprintf(text.baseAddress, text.count, format, arguments)
        return String(cString: text.baseAddress!)
      }
      PacketLosses.hear(line, of: UInt(bitPattern: speaker))
    }
  }

  private static func hear(_ line: String, of demuxer: UInt) {
    guard let loss = loss(line) else { return }
    counts.withLock { $0[demuxer]?.add(loss.name, loss.count) }
  }

  /// What a line says was lost, and how often.
  static func loss(_ line: String) -> (name: String, count: Int64)? {
    if line.hasPrefix("RTP: dropping old packet") { return ("datagrams_late", 1) }
    let words = line.split(separator: " ")
    guard words.starts(with: ["RTP:", "missed"]), words.count > 2, let count = Int64(words[2]) else { return nil }
    // A packet that waits twice in FFmpeg's queue makes it miss all other numbers.
    return (1..<0x8000).contains(count) ? ("rtp_packets_missed", count) : nil
  }
}
