/// curl(1), asked for one URL at a time.
///
/// All that it is told, the token among it, goes to its standard input: the arguments of a process can be read by
/// everybody. All that it gets comes to its standard output, a pipe of ours: so it ends when we do, however that is,
/// and files are written by us alone. Retries are ours, since curl's own begin a broken file anew.
struct Curl {
  let endpoint: Endpoint
  let token: String?
  let goesOn: () -> Bool

  /// What a request came to.
  enum Answer: Equatable {
    /// The body, where it was not written to a file.
    case done([UInt8])
    /// HTTP's status from 400 on.
    case refused(Int, retryAfter: Int?)
    /// The server does not know ranges.
    case noRange
    /// More bytes than were allowed.
    case tooLong
    /// Cut, or not reached; worth another try.
    case broken(String)
  }

  /// - Parameters:
  ///   - path: the file to write, from `offset` on; nil: the body comes back.
  ///   - limit: bytes that may come.
  /// - Throws: `HubError.unavailable` for what no other try would change, `.inputOutput`, `.interrupted`.
  func get(
    _ url: String, to path: String? = nil, from offset: Int = 0, limit: Int, goesOn: () -> Bool = { true }
  ) throws(HubError) -> Answer {
    let input = try settings(url, offset, limit, isShort: path == nil)
    let curl = ["curl", "--disable", "--config", "-"]
    func mayGoOn() -> Bool { self.goesOn() && goesOn() }
    guard let path else { return try answer(try Child(curl, input: input, goesOn: mayGoOn), limit) }
    let file = try PartFile(path, at: offset)
    return try answer(try Child(curl, input: input, giving: file.write, goesOn: mayGoOn), nil)
  }

  /// - Parameter limit: of a body that was kept; nil: it was written.
  private func answer(_ child: Child, _ limit: Int?) throws(HubError) -> Answer {
    if child.isTooLong {
      if limit != nil { return .tooLong }
      throw .unavailable("curl says too much")
    }
    guard let report = Report(child.errors) else { throw .unavailable("curl: \(child.lastWords)") }
    guard report.isEncrypted || endpoint.isLoopback && Endpoint.isLoopback(report.url) else {
      throw .unavailable("the hub leads to an address without encryption")
    }
    switch child.exitCode {
    case 0: return child.output.count > limit ?? .max ? .tooLong : .done(child.output)
    case 22 where report.status == 416, 33, 36: return .noRange
    case 22: return .refused(report.status, retryAfter: report.retryAfter)
    case 63: return .tooLong
    case 5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92: return .broken(report.message)
    default: throw .unavailable("curl: \(report.message)")
    }
  }

  /// curl's configuration file.
  private func settings(
    _ url: String, _ offset: Int, _ limit: Int, isShort: Bool
  ) throws(HubError) -> [UInt8] {
    let schemes = endpoint.isLoopback ? "=http,https" : "=https"
    var lines = [
      "silent", "show-error", "fail", "globoff", "location", "max-redirs = 8", "proto = \"\(schemes)\"",
      "proto-redir = \"\(schemes)\"", "connect-timeout = 15", "speed-limit = 1", "speed-time = 30",
      "max-filesize = \(max(1, limit))", "user-agent = \"tandem\"", "url = \(Self.quoted(url))",
      "write-out = \"%{stderr}\\n%{http_code} %{url_effective} %header{retry-after}\"",
    ]
    if endpoint.isLoopback { lines.append("noproxy = \"*\"") }
    if offset > 0 { lines.append("continue-at = \(offset)") }
    if isShort { lines.append("max-time = 60") }
    if let token {
      guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .unusable("$HF_TOKEN is no token") }
      lines.append("header = \(Self.quoted("Authorization: Bearer \(token)"))")
    }
    return Array(lines.joined(separator: "\n").utf8)
  }

  static func quoted(_ text: String) -> String {
    // Scalar by scalar: a quote and an accent after it are one character, and a quote nevertheless.
    let escapes: [Unicode.Scalar: String] = [
      "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{B}": "\\v",
    ]
    return "\"" + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\""
  }
}

/// What curl says last, as `write-out` asks for, and the complaint before it.
private struct Report {
  let status: Int
  let url: String
  let retryAfter: Int?
  let message: String

  var isEncrypted: Bool { url.utf8.starts(with: "https://".utf8) }

  init?(_ errors: [UInt8]) {
    let lines = errors.split(separator: UInt8(ascii: "\n"))
    let words = (lines.last ?? []).split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    guard words.count >= 2, let status = Int(words[0]) else { return nil }
    self.status = status
    url = words[1]
    retryAfter = words.count > 2 ? Int(words[2]) : nil
    let complaint = lines.dropLast().last { $0.starts(with: "curl: (".utf8) }
    let reason = complaint?.split(separator: UInt8(ascii: ")"), maxSplits: 1).last.map { $0.drop { $0 == 0x20 } }
    message = reason.map { String(String(decoding: $0, as: UTF8.self).prefix(200)) } ?? "no reason given"
  }
}
