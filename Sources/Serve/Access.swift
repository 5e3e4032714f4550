import HTTPTypes

/// What a client has to show at one place before it is answered.
struct Access: Sendable {
  /// Nil where nothing has to be shown.
  let token: String?
  /// Nil where any name will do: what a page in a browser can reach is only TCP.
  let hosts: Set<String>?

  static let unix = Access(token: nil, hosts: nil)

  enum Fault: Hashable {
    /// Asked under a name that may be a stranger's, made to lead here (DNS rebinding).
    case host
    case token
  }

  func fault(_ request: HTTPRequest) -> Fault? {
    if let hosts, !isOurs(request.authority ?? "", hosts) { return .host }
    if let token, !shows(token, request.headerFields[.authorization] ?? "") { return .token }
    return nil
  }

  private func isOurs(_ authority: String, _ hosts: Set<String>) -> Bool {
    guard let match = authority.lowercased().wholeMatch(of: #/(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::[0-9]{1,5})?/#) else {
      return false
    }
    let name = String(match.1)
    return name == "localhost" || name == "[::1]" || hosts.contains(name)
      || name.wholeMatch(of: #/127(\.[0-9]{1,3}){3}/#) != nil
  }

  /// Takes as long for every guess of one length.
  private func shows(_ token: String, _ authorization: String) -> Bool {
    let scheme = "bearer "
    guard authorization.prefix(scheme.count).lowercased() == scheme else { return false }
    let guess = Array(authorization.dropFirst(scheme.count).utf8)
    let wanted = Array(token.utf8)
    guard guess.count == wanted.count else { return false }
    return zip(guess, wanted).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
