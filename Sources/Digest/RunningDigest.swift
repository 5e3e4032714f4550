import CCrypto

/// A digest under way, computed by libcrypto.
@safe final class RunningDigest {
  enum Kind { case sha1, sha256 }

  private let context: OpaquePointer

  init(_ kind: Kind) {
    let algorithm =
      switch kind {
      case .sha1: unsafe EVP_sha1()
      case .sha256: unsafe EVP_sha256()
      }
    guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
    unsafe self.context = unsafe context
    precondition(unsafe EVP_DigestInit_ex(context, algorithm, nil) == 1, "libcrypto has no \(kind)")
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  func add(_ bytes: ArraySlice<UInt8>) {
    unsafe bytes.withUnsafeBytes { buffer in
      precondition(unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1)
    }
  }

  /// In lower-case hex. Nothing can be added after that.
  func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    precondition(unsafe EVP_DigestFinal_ex(context, &bytes, &count) == 1)
    let digits = Array("0123456789abcdef".utf8)
    let hex = bytes.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: hex, as: UTF8.self)
  }
}
