public import Glibc
import Synchronization

/// Stands between FFmpeg and the addresses of hosts. A name may turn between our question and FFmpeg's, and not all that
/// connects asks the guard: it follows redirections by itself. So where every connection gets its addresses, those are
/// left out to which the sources being read may not lead.
enum AddressFilter {
  /// What holds for one source.
  private struct Rule {
    let reach: NetworkReach
    /// Hosts that only the user has named.
    let named: Set<String>
  }

  private static let rules = Mutex<[ObjectIdentifier: Rule]>([:])

  /// The user may name hosts in the query of the address, as `localaddr`, and FFmpeg's proxy by a variable.
  static func begin(for guardian: ObjectIdentifier, _ source: String, _ reach: NetworkReach) {
    let query = source.drop { $0 != "?" }.split { "?&=,;".contains($0) }.map(String.init)
    let proxy = getenv("http_proxy").flatMap { host(of: String(cString: $0)) }
    let rule = Rule(reach: reach, named: Set(query + [proxy].compactMap(\.self)))
    rules.withLock { $0[guardian] = rule }
  }

  static func end(for guardian: ObjectIdentifier) { rules.withLock { $0[guardian] = nil } }

  fileprivate static var isAtWork: Bool { rules.withLock { !$0.isEmpty } }

  /// Whether one of the sources being read may not lead there, and the user has named it for none.
  fileprivate static func refuses(_ address: HostAddress, of host: String) -> Bool {
    rules.withLock { rules in
      let isNamed = rules.values.contains { $0.named.contains(host) || $0.reach.isOwn(address) }
      return !isNamed && rules.values.contains { !$0.reach.allows(address) }
    }
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

  /// Takes those of a host out of a list to which nobody may be led.
  fileprivate static func removeRefused(of host: String, _ list: inout UnsafeMutablePointer<addrinfo>?) {
    var (rest, last) = (list, UnsafeMutablePointer<addrinfo>?.none)
    list = nil
    while let entry = rest {
      rest = entry.pointee.ai_next
      entry.pointee.ai_next = nil
      if HostAddress(entry.pointee).map({ refuses($0, of: host) }) ?? true {
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
  guard code == 0, let found, let host, AddressFilter.isAtWork else { return code }
  AddressFilter.removeRefused(of: String(cString: host), &found.pointee)
  return found.pointee == nil ? EAI_NONAME : 0
}
