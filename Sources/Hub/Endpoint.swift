/// Where a hub answers: https, or http on this machine.
package struct Endpoint: Equatable, Sendable {
  package static let huggingFace = Endpoint(base: "https://huggingface.co", isLoopback: false)

  /// Without a closing slash.
  let base: String
  /// Plain http, which does not leave this machine.
  let isLoopback: Bool

  private init(base: String, isLoopback: Bool) {
    self.base = base
    self.isLoopback = isLoopback
  }

  /// - Throws: `HubError.unusable` for another scheme, and for http to another machine.
  package init(_ text: String) throws(HubError) {
    var base = text[...]
    while base.hasSuffix("/") { base = base.dropLast() }
    let isPlain = base.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    let isSafe = base.hasPrefix("https://") && base.utf8.count > 8
    isLoopback = isPlain && Self.isLoopback(base)
    guard isPlain, isSafe || isLoopback else {
      throw .unusable("$HF_ENDPOINT is neither an https address nor an http one of this machine")
    }
    self.base = String(base)
  }

  /// Whether a URL is http to this machine.
  static func isLoopback(_ url: some StringProtocol) -> Bool {
    guard url.hasPrefix("http://") else { return false }
    let authority = url.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.contains("@") else { return false }
    if authority.hasPrefix("[::1]") { return true }
    let host = authority.prefix { $0 != ":" }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return host == "localhost" || numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
  }

  /// The list of a repository's files.
  func listing(_ name: RepositoryName) -> String {
    "\(base)/api/models/\(name)/revision/\(Self.escaped(name.revision))?blobs=true"
  }

  func file(_ file: String, of name: RepositoryName, at commit: String) -> String {
    let path = file.split(separator: "/").map { Self.escaped(String($0)) }.joined(separator: "/")
    return "\(base)/\(name)/resolve/\(commit)/\(path)"
  }

  /// All but the unreserved characters of RFC 3986 percent-encoded.
  private static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = text.utf8.flatMap { byte -> [UInt8] in
      let isLetter = (0x41...0x5A).contains(byte & 0xDF) || (0x30...0x39).contains(byte)
      if isLetter || "-._~".utf8.contains(byte) { return [byte] }
      return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
