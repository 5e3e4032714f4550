import CFFmpeg
import Glibc

/// FFmpeg's own version, and its SHA-256.
package enum FFmpeg {
  package static var version: String { String(cString: av_version_info()) }

  /// Errors come to us as values: FFmpeg itself prints nothing.
  package static func silence() { ff_quiet() }

  /// SHA-256 (FIPS 180-4) in lower-case hex.
  package static func sha256(_ bytes: [UInt8]) -> String {
    let digest = Digest()
    bytes.withUnsafeBufferPointer { digest.add($0) }
    return digest.finish()
  }

  /// Of a whole file; nil, with `errno` set, when it cannot be read.
  /// - Parameter path: closed by a zero.
  package static func sha256(file path: [CChar]) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    let digest = Digest()
    let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 20)
    defer { chunk.deallocate() }
    while true {
      let count = read(descriptor, chunk.baseAddress, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      guard count > 0 else { return digest.finish() }
      digest.add(UnsafeBufferPointer(rebasing: chunk[..<count]))
    }
  }
}

/// SHA-256 under way.
private final class Digest {
  private let context: OpaquePointer

  init() {
    guard let context = av_sha_alloc() else { preconditionFailure("out of memory") }
    self.context = context
    av_sha_init(context, 256)
  }

  deinit { av_free(UnsafeMutableRawPointer(context)) }

  func add(_ bytes: UnsafeBufferPointer<UInt8>) { av_sha_update(context, bytes.baseAddress, bytes.count) }

  func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    av_sha_final(context, &digest)
    return digest.map { byte in
      let hex = String(byte, radix: 16)
      return byte < 16 ? "0" + hex : hex
    }.joined()
  }
}
