import Testing

@testable import Decode

@Suite struct HostAddressTests {
  /// By numbers alone: nothing is asked of the network.
  private func areInside(_ url: String) throws -> Bool {
    let found = HostAddress.all(of: try #require(host(of: url)))
    try #require(!found.isEmpty)
    return found.allSatisfy(\.isInside)
  }

  @Test(arguments: [
    "http://127.0.0.1/x", "http://127.9.9.9:8080/x", "http://localhost/x", "https://user:pw@10.1.2.3/x",
    "http://192.168.0.1/x", "http://172.16.0.1", "http://172.31.255.255", "http://169.254.169.254/latest/meta-data",
    "http://[::1]:80/x", "http://[::]/", "http://[::ffff:10.0.0.1]/x", "http://[64:ff9b::a00:1]/",
    "http://[fe80::1]/x", "http://[fd00::1]/x", "http://0.0.0.0/x", "http://100.64.0.1/x", "http://2130706433/x",
    "http://0x7f.1/x", "tcp://127.0.0.1:80", "HTTP://127.0.0.1/",
  ])
  func addressesInsideAreKnown(_ url: String) throws { #expect(try areInside(url)) }

  @Test(arguments: [
    "http://8.8.8.8/x", "http://172.32.0.1/", "http://11.0.0.1/", "http://[2001:4860:4860::8888]/x",
    "http://[64:ff9b::808:808]/", "http://[::ffff:8.8.8.8]/", "http://192.169.0.1/", "http://169.253.0.1/",
  ])
  func othersAreNot(_ url: String) throws { #expect(try !areInside(url)) }

  @Test func hostsAreFound() {
    #expect(host(of: "http://a@b@c.example:80/x@y") == "c.example")
    #expect(host(of: "rtsp://[::1]:554/x") == "::1")
    #expect(host(of: "udp://:5000") == nil)
    #expect(host(of: "a/path/127.0.0.1") == nil)
    #expect(host(of: "crypto:http://127.0.0.1/") == nil)
  }

  @Test func whatIsNotToBeFoundHasNoAddress() { #expect(HostAddress.all(of: "no such name").isEmpty) }
}
