/// Where a source from the network may lead us. One from outside: not to this machine nor to the net behind it. One that
/// lies inside: to its neighbours and on, but not to this machine nor to what only a link reaches, unless it is there.
struct NetworkReach: Sendable {
  /// Lies inside itself, with all its addresses: it may name its neighbours and send us on.
  let isTrusted: Bool
  /// Its own addresses, where it lies inside.
  private let own: [HostAddress]
  private let source: String
  private let addresses: @Sendable (String) -> [HostAddress]

  /// - Parameter addresses: all of a host; none where it is not to be found.
  init(_ source: String, addresses: @escaping @Sendable (String) -> [HostAddress] = HostAddress.all) {
    self.source = source
    self.addresses = addresses
    let found = host(of: source).map(addresses) ?? []
    isTrusted = !found.isEmpty && found.allSatisfy(\.isInside)
    own = isTrusted ? found : []
  }

  /// Whether an address may be opened: the source's own, or one that the source names. Who has one address where we do
  /// not go may turn out to be there. What cannot be found now may be a proxy's to find; it is looked at again as it
  /// connects, by `AddressFilter`.
  func allows(_ url: String) -> Bool {
    if url == source { return true }
    guard let host = host(of: url) else { return isTrusted }  // as `crypto:http://…`, where a URL hides in another one
    return addresses(host).allSatisfy { allows($0) }
  }

  /// Whether it is one of the source, which lies inside.
  func isOwn(_ address: HostAddress) -> Bool { own.contains(address) }

  /// Whether we may connect to it for this source.
  func allows(_ address: HostAddress) -> Bool {
    isTrusted ? !address.isLocal || isOwn(address) : !address.isInside
  }
}
