import Glibc
import Media
import System

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
    let bytes: [UInt8]
    do throws(Errno) { bytes = try SmallFile.read(path, limit: longest, waits: false) } catch {
      let reason = error.code == EFBIG ? "is longer than \(ByteCount.spelling(longest))" : "\(error)"
      throw CredentialProblem(name: name, reason: reason)
    }
    return try secret(bytes, name)
  }

  private static func secret(_ bytes: [UInt8], _ name: String) throws(CredentialProblem) -> String {
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
