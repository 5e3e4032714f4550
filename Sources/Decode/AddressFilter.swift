public import Glibc
import Synchronization

/// Stands between FFmpeg and the addresses of hosts. A name may turn between our question and FFmpeg's, and not all that
/// connects asks the guard. So where every connection gets its addresses, those inside are left out while a source from
/// outside is read.
enum AddressFilter {
  /// Guards of such sources; for each, the hosts that nobody outside has named.
  private static let guards = Mutex<[ObjectIdentifier: Set<String>]>([:])

  /// The user may name hosts in the query of the address, as `localaddr`, and FFmpeg's proxy by a variable.
  static func begin(for guardian: ObjectIdentifier, _ source: String) {
    let query = source.drop { $0 != "?" }.split { "?&=,;".contains($0) }.map(String.init)
    let proxy = getenv("http_proxy").flatMap { host(of: String(cString: $0)) }
    guards.withLock { $0[guardian] = Set(query + [proxy].compactMap(\.self)) }
  }

  static func end(for guardian: ObjectIdentifier) { guards.withLock { $0[guardian] = nil } }

  fileprivate static func concerns(_ host: String) -> Bool {
    guards.withLock { guards in !guards.isEmpty && !guards.values.contains { $0.contains(host) } }
  }

  /// The C library's own.
  static func find(
    _ host: UnsafePointer<CChar>?, _ service: UnsafePointer<CChar>?, _ hints: UnsafePointer<addrinfo>?,
    _ found: UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>?
  ) -> Int32 { library(host, service, hints, found) }

  private typealias Finding =
    @convention(c) (
      UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<addrinfo>?,
      UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>?
    ) -> Int32

  private static let library: Finding = {
    let next = UnsafeMutableRawPointer(bitPattern: -1)  // RTLD_NEXT, which Swift does not see
    guard let symbol = dlsym(next, "getaddrinfo") else { return { _, _, _, _ in EAI_SYSTEM } }
    return unsafeBitCast(symbol, to: Finding.self)
  }()

  /// Takes the addresses inside out of a list.
  fileprivate static func removeInside(_ list: inout UnsafeMutablePointer<addrinfo>?) {
    var (rest, last) = (list, UnsafeMutablePointer<addrinfo>?.none)
    list = nil
    while let entry = rest {
      rest = entry.pointee.ai_next
      entry.pointee.ai_next = nil
      if HostAddress(entry.pointee)?.isInside ?? true {
        freeaddrinfo(entry)
      } else {
        if let last { last.pointee.ai_next = entry } else { list = entry }
        last = entry
      }
    }
  }
}

/// In the place of the C library's function of this name, in all of the program: its own symbols come first.
@c(getaddrinfo)
public func findAddresses(
  _ host: UnsafePointer<CChar>?, _ service: UnsafePointer<CChar>?, _ hints: UnsafePointer<addrinfo>?,
  _ found: UnsafeMutablePointer<UnsafeMutablePointer<addrinfo>?>?
) -> Int32 {
  let code = AddressFilter.find(host, service, hints, found)
  guard code == 0, let found, let host, AddressFilter.concerns(String(cString: host)) else { return code }
  AddressFilter.removeInside(&found.pointee)
  return found.pointee == nil ? EAI_NONAME : 0
}
