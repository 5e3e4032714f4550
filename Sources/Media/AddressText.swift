/// Addresses as they may be shown: what stands before an `@`, and what follows the host, may be a secret.
package enum AddressText {
  /// Without user and password.
  package static func withoutUser(_ address: String) -> String {
    guard let rest = rest(of: address) else { return address }
    let authority = address[rest...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let at = authority.lastIndex(of: "@") else { return address }
    return String(address[..<rest] + address[address.index(after: at)...])
  }

  /// Only scheme, host and port: user, password, path and query may all be secrets, as the key of a stream. Where an
  /// `@` stands behind the first `/`, `?` or `#`, a password may hold such a mark: then only the scheme is left. Files
  /// and devices stay whole.
  package static func redacted(_ address: String) -> String {
    if let scheme = SourceScheme.of(address), !SourceScheme.network.contains(scheme) { return address }
    let open = withoutUser(address)
    guard let rest = rest(of: open) else { return address }
    guard let end = open[rest...].firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "#" }) else { return open }
    return open[end...].contains("@") ? "\(open[..<rest])…" : "\(open[..<end])/…"
  }

  /// What follows `://`.
  private static func rest(of address: String) -> String.Index? {
    var start = address.startIndex
    while start < address.endIndex {
      if address[start...].hasPrefix("://") { return address.index(start, offsetBy: 3) }
      start = address.index(after: start)
    }
    return nil
  }
}
