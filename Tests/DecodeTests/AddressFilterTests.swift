import Glibc
import Testing

@testable import Decode

/// What FFmpeg would find, by numbers alone: nothing is asked of the network. One after the other: the filter is one.
@Suite(.serialized) struct AddressFilterTests {
  private final class Reader {}
  private let reader = Reader()

  private func finds(_ host: String?) -> Bool {
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, "80", nil, &found)
    if code == 0 { unsafe freeaddrinfo(found) }
    return code == 0
  }

  private func reading<Result>(_ source: String, _ body: () -> Result) -> Result {
    AddressFilter.begin(for: ObjectIdentifier(reader), source, NetworkReach(source))
    defer { AddressFilter.end(for: ObjectIdentifier(reader)) }
    return body()
  }

  @Test func addressesInsideAreNotFoundWhileASourceFromOutsideIsRead() {
    #expect(finds("127.0.0.1") && finds("8.8.8.8"))
    reading("http://8.8.8.8/x") {
      #expect(!finds("127.0.0.1") && !finds("::1") && !finds("10.0.0.1"))
      #expect(finds("8.8.8.8") && finds("2001:4860:4860::8888"))
    }
    #expect(finds("127.0.0.1"))
  }

  @Test func thisMachineAndLinksAreNotFoundWhileASourceFromInsideIsRead() {
    reading("http://192.168.0.5/x") {
      for host in ["127.0.0.1", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1", "::ffff:127.0.0.1"] {
        #expect(!finds(host), "\(host)")
      }
      for host in ["192.168.0.5", "192.168.0.6", "10.0.0.1", "8.8.8.8"] { #expect(finds(host)) }
    }
    reading("http://127.0.0.1/x") { #expect(finds("127.0.0.1") && !finds("127.0.0.2")) }
  }

  @Test func whatTheUserNamesIsFound() {
    reading("udp://239.1.1.1:5000?localaddr=127.0.0.1&sources=10.0.0.1,10.0.0.2") {
      for host in ["127.0.0.1", "10.0.0.1", "10.0.0.2"] { #expect(finds(host)) }
      #expect(!finds("10.0.0.3"))
    }
  }

  @Test func whoWaitsForCallsNamesNoHost() { reading("udp://:5000") { #expect(finds(nil)) } }
}
