/// Where a source from the network may lead us: not to this machine nor to the net behind it, unless it lies there.
struct NetworkReach {
  /// Lies inside itself, with all its addresses: it may name its neighbours and send us on.
  let isTrusted: Bool
  private let source: String
  private let addresses: (String) -> [HostAddress]

  /// - Parameter addresses: all of a host; none where it is not to be found.
  init(_ source: String, addresses: @escaping (String) -> [HostAddress] = HostAddress.all) {
    self.source = source
    self.addresses = addresses
    let own = host(of: source).map(addresses) ?? []
    isTrusted = !own.isEmpty && own.allSatisfy(\.isInside)
  }

  /// Whether an address may be opened: the source's own, or one that the source names. Who has one address inside may
  /// turn out to be there. What cannot be found now may be a proxy's to find; it is looked at again as it connects, by
  /// `AddressFilter`.
  func allows(_ url: String) -> Bool {
    if isTrusted || url == source { return true }
    guard let host = host(of: url) else { return false }  // as `crypto:http://…`, where a URL hides in another one
    return !addresses(host).contains(where: \.isInside)
  }
}
