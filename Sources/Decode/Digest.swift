import CFFmpeg

/// FFmpeg's own version, and its SHA-256.
package enum FFmpeg {
  package static var version: String { String(cString: av_version_info()) }

  /// Errors come to us as values: FFmpeg itself prints nothing.
  package static func silence() { ff_quiet() }

  /// SHA-256 (FIPS 180-4) in lower-case hex.
  package static func sha256(_ bytes: [UInt8]) -> String {
    guard let context = av_sha_alloc() else { preconditionFailure("out of memory") }
    defer { av_free(UnsafeMutableRawPointer(context)) }
    av_sha_init(context, 256)
    av_sha_update(context, bytes, bytes.count)
    var digest = [UInt8](repeating: 0, count: 32)
    av_sha_final(context, &digest)
    return digest.map { byte in
      let hex = String(byte, radix: 16)
      return byte < 16 ? "0" + hex : hex
    }.joined()
  }
}
