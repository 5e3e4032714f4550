import Glibc
import Media

/// The address of a host on the network.
enum HostAddress: Equatable {
  case ip4(UInt32)
  /// 16 bytes.
  case ip6([UInt8])

  /// Whether it is of this machine, of a private net, or of a link.
  var isInside: Bool {
    switch self {
    case .ip4(let number): Self.inner.contains { (number ^ $0.0) >> (32 - $0.1) == 0 }
    case .ip6(let bytes):
      Self.embedded(in: bytes)?.isInside ?? (bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80)
    }
  }

  private static let inner: [(UInt32, UInt32)] = [
    (0, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12),
    (0xC0A8_0000, 16),
  ]

  /// Whether it is of this machine, or of a link: where services listen that trust whoever can reach them.
  var isLocal: Bool {
    switch self {
    case .ip4(let number): [0, 127].contains(number >> 24) || number >> 16 == 0xA9FE
    case .ip6(let bytes): Self.embedded(in: bytes)?.isLocal ?? (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80)
    }
  }

  /// The IPv4 address that an IPv6 one stands for: mapped, compatible (`::1` among them), or by way of NAT64.
  private static func embedded(in bytes: [UInt8]) -> HostAddress? {
    let prefixes: [[UInt8]] = [
      [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF], [UInt8](repeating: 0, count: 12),
      [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8),
    ]
    guard prefixes.contains(where: bytes.starts) else { return nil }
    return .ip4(bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
  }
}

extension HostAddress {
  /// All addresses of a host, by its name or number; none where it is not to be found.
  static func all(of host: String) -> [HostAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard AddressFilter.find(host, nil, &hints, &found) == 0 else { return [] }
    defer { freeaddrinfo(found) }
    return sequence(first: found, next: { $0?.pointee.ai_next }).compactMap { $0.flatMap { HostAddress($0.pointee) } }
  }

  /// - Returns: nil for one that is no address of IP.
  init?(_ entry: addrinfo) {
    switch entry.ai_family {
    case AF_INET:
      self = entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        .ip4(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
      }
    case AF_INET6:
      self = entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        withUnsafeBytes(of: $0.pointee.sin6_addr) { .ip6([UInt8]($0)) }
      }
    default: return nil
    }
  }
}

/// The host's name or number of a URL; nil where it has none.
func host(of url: String) -> String? {
  guard let scheme = SourceScheme.of(url) else { return nil }
  let authority = url.dropFirst(scheme.count + 3).prefix { !"/?#".contains($0) }
  let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
  let host = place.hasPrefix("[") ? place.dropFirst().prefix { $0 != "]" } : place.prefix { $0 != ":" }
  return host.isEmpty ? nil : String(host)
}
