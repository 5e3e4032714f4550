/// SHA-256 (FIPS 180-4), in lower-case hex.
package enum SHA256 {
  package static func hex(_ bytes: [UInt8]) -> String {
    let digest = RunningDigest(.sha256)
    digest.add(bytes[...])
    return digest.finish()
  }

  /// Of a whole file; nil, with `errno` set, when it cannot be read.
  /// - Parameter path: closed by a zero.
  package static func hex(file path: [CChar]) -> String? {
    FileChunks(path).flatMap { $0.digest(.sha256) }
  }
}
