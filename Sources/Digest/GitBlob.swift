/// The name that git gives to a file's content: SHA-1 of `blob SIZE`, a zero and the bytes, in lower-case hex. It
/// tells damage, not malice.
package enum GitBlob {
  /// Nil, with `errno` set, when the file cannot be read.
  /// - Parameter path: closed by a zero.
  package static func hex(file path: [CChar]) -> String? {
    FileChunks(path).flatMap { $0.digest(.sha1, after: Array("blob \($0.size)\0".utf8)) }
  }
}
