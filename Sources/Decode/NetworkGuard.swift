import CFFmpeg
import Glibc

/// Stands at the door of all that a source from the network opens: nothing out there may send us to addresses of
/// this machine or of the net behind it. A source that lies there itself may name its neighbours.
final class NetworkGuard {
  private let isTrusted: Bool
  private var opener: ff_opener?

  /// - Parameter context: not yet opened; must not outlive the guard.
  init(_ url: String, _ context: UnsafeMutablePointer<AVFormatContext>) {
    isTrusted = leadsInside(url)
    context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
    opener = ff_replace_opener(context) { context, bytes, url, flags, options in
      let guardian = Unmanaged<NetworkGuard>.fromOpaque(context.pointee.opaque!).takeUnretainedValue()
      return guardian.open(context, bytes, url, flags, options)
    }
  }

  private func open(
    _ context: UnsafeMutablePointer<AVFormatContext>, _ bytes: UnsafeMutablePointer<UnsafeMutablePointer<AVIOContext>?>,
    _ url: UnsafePointer<CChar>, _ flags: Int32, _ options: UnsafeMutablePointer<OpaquePointer?>?
  ) -> Int32 {
    guard !isTrusted else { return opener!(context, bytes, url, flags, options) }
    if leadsInside(String(cString: url)) { return FF_EACCES }
    // Where a redirection leads would be known only when it has been followed.
    if let options {
      av_dict_set(options, "max_redirects", "0", 0)
      return opener!(context, bytes, url, flags, options)
    }
    var own = Options()
    own["max_redirects"] = "0"
    return opener!(context, bytes, url, flags, &own.dictionary)
  }
}

/// Whether any address of the URL's host is of this machine, of a private net, or of a link.
func leadsInside(_ url: String) -> Bool {
  guard scheme(of: url) != nil, let host = host(of: url) else { return false }
  var hints = addrinfo()
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var found: UnsafeMutablePointer<addrinfo>?
  guard getaddrinfo(host, nil, &hints, &found) == 0 else { return false }
  defer { freeaddrinfo(found) }
  return sequence(first: found, next: { $0?.pointee.ai_next }).contains { entry in
    entry.map { isInside($0.pointee) } ?? false
  }
}

/// The host's name or number of a URL; nil where it has none.
func host(of url: String) -> String? {
  guard let scheme = scheme(of: url) else { return nil }
  let authority = url.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) }
  let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
  let host = place.hasPrefix("[") ? place.dropFirst().prefix { $0 != "]" } : place.prefix { $0 != ":" }
  return host.isEmpty ? nil : String(host)
}

private func isInside(_ address: addrinfo) -> Bool {
  switch address.ai_family {
  case AF_INET:
    return address.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
      isInside(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
    }
  case AF_INET6:
    let bytes = address.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
      withUnsafeBytes(of: $0.pointee.sin6_addr) { [UInt8]($0) }
    }
    return isInside(bytes)
  default: return false
  }
}

/// - Parameter address: IPv4, most significant byte first.
func isInside(_ address: UInt32) -> Bool {
  let blocks: [(UInt32, UInt32)] = [
    (0, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
    (0xC0A8_0000, 16),
  ]
  return blocks.contains { (address ^ $0.0) >> (32 - $0.1) == 0 }
}

/// - Parameter address: the 16 bytes of an IPv6 address.
func isInside(_ address: [UInt8]) -> Bool {
  let (zeros, mark) = (address.prefix(10), address[10...11])
  let mapped = zeros.allSatisfy { $0 == 0 } && (mark.allSatisfy { $0 == 0 } || mark.allSatisfy { $0 == 0xFF })
  if mapped { return isInside(address.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }) }
  return address[0] & 0xFE == 0xFC || address[0] == 0xFE && address[1] & 0xC0 == 0x80
}
