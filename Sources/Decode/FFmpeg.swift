import CFFmpeg

/// FFmpeg as a whole.
package enum FFmpeg {
  package static var version: String { String(cString: av_version_info()) }

  /// Errors come to us as values: FFmpeg itself prints nothing. What it says in its log alone is counted.
  package static func silence() {
    ff_quiet()
    PacketLosses.listen()
  }
}
