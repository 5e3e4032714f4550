import Glibc
import Media

/// Secrets, each a small file of `$CREDENTIALS_DIRECTORY`, as systemd hands them out.
package struct Credentials: Sendable {
  private static let longest = 64 << 10
  private let folder: String?

  package init(environment: [String: String]) { folder = environment["CREDENTIALS_DIRECTORY"] }

  /// A secret, without the line break at its end.
  /// - Throws: `CredentialProblem`.
  package func read(_ name: String) throws(CredentialProblem) -> String {
    guard let folder else { throw CredentialProblem(name: name, reason: "$CREDENTIALS_DIRECTORY is not set") }
    guard isName(name) else { throw CredentialProblem(name: name, reason: "is no name of a credential") }
    return try Self.read("\(folder)/\(name)", name)
  }

  /// The token of HTTP.
  /// - Throws: `CredentialProblem`.
  package func read(_ place: TokenPlace) throws(CredentialProblem) -> String {
    switch place {
    case .credential(let name): try read(name)
    case .file(let path): try Self.read(path, path)
    }
  }

  private static func read(_ path: String, _ name: String) throws(CredentialProblem) -> String {
    func last() -> CredentialProblem { unsafe CredentialProblem(name: name, reason: String(cString: strerror(errno))) }
    let descriptor = unsafe open(PathText.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw last() }
    defer { close(descriptor) }
    var (bytes, count) = ([UInt8](repeating: 0, count: longest + 1), 0)
    while count <= longest {
      let got = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count)
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw last() }
      if got == 0 { return try secret(bytes[..<count], name) }
      count += got
    }
    throw CredentialProblem(name: name, reason: "is longer than \(ByteCount.spelling(longest))")
  }

  private static func secret(_ bytes: ArraySlice<UInt8>, _ name: String) throws(CredentialProblem) -> String {
    guard var text = String(validating: bytes, as: UTF8.self) else {
      throw CredentialProblem(name: name, reason: "is not UTF-8")
    }
    if text.last?.isNewline == true { text.removeLast() }
    guard !text.isEmpty else { throw CredentialProblem(name: name, reason: "is empty") }
    guard !text.unicodeScalars.contains(where: isControl) else {
      throw CredentialProblem(name: name, reason: "has a control character")
    }
    return text
  }
}

/// Why a secret cannot be had; says nothing of it.
package struct CredentialProblem: Error, Hashable, Sendable, CustomStringConvertible {
  let name: String
  let reason: String

  package var description: String { "credential \(name): \(reason)" }
}
