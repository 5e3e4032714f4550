import Testing

@testable import Decode

@Suite struct NetworkReachTests {
  /// Names of a world of its own.
  private static let world: [String: [HostAddress]] = [
    "camera.lan": [.ip4(0xC0A8_0005), .ip6([0xFD] + [UInt8](repeating: 0, count: 14) + [5])],
    "media.example": [.ip4(0x0808_0808)], "other.example": [.ip4(0x0909_0909)],
    "both.example": [.ip4(0x0808_0808), .ip4(0x7F00_0001)], "127.0.0.1": [.ip4(0x7F00_0001)],
    "localhost": [.ip4(0x7F00_0001), .ip6([UInt8](repeating: 0, count: 15) + [1])], "127.0.0.2": [.ip4(0x7F00_0002)],
    "::1": [.ip6([UInt8](repeating: 0, count: 15) + [1])], "0.0.0.0": [.ip4(0)],
    "::": [.ip6([UInt8](repeating: 0, count: 16))], "169.254.169.254": [.ip4(0xA9FE_A9FE)],
    "fe80::1": [.ip6([0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [1])], "nvr.lan": [.ip4(0xC0A8_0006)],
    "two.lan": [.ip4(0xC0A8_0007), .ip4(0x7F00_0001)],
  ]

  private func reach(_ source: String) -> NetworkReach { NetworkReach(source) { Self.world[$0] ?? [] } }

  @Test(arguments: ["http://camera.lan/x.m3u8", "rtsp://user:pw@camera.lan:554/x"])
  func whoLiesInsideIsTrusted(_ source: String) {
    #expect(reach(source).isTrusted)
    for url in [
      "http://camera.lan/1.ts", "http://nvr.lan/1.ts", "http://media.example/1.ts", "http://unknown.example/",
    ] {
      #expect(reach(source).allows(url))
    }
  }

  @Test(arguments: [
    "http://media.example/x.m3u8", "http://both.example/x", "http://unknown.example/x", "udp://:5000", "srt://:9000",
  ])
  func whoHasOneAddressOutsideOrNoneIsNot(_ source: String) {
    #expect(!reach(source).isTrusted)
    #expect(reach(source).allows(source), "the user named it")
  }

  @Test func fromOutsideOnlyWhatIsWhollyOutsideIsOpened() {
    let reach = reach("http://media.example/x.m3u8")
    for url in [
      "http://media.example/1.ts", "https://other.example:8443/key", "crypto+http://other.example/1.ts",
      "http://unknown.example/1.ts",
    ] {
      #expect(reach.allows(url))
    }
    for url in [
      "http://camera.lan/1.ts", "http://both.example/1.ts",
      "crypto+http://camera.lan/1.ts", "crypto:http://camera.lan/1.ts", "crypto:http://other.example/1.ts",
      "hls+http://camera.lan/x", "udp://:5000", "/etc/passwd", "",
    ] {
      #expect(!reach.allows(url), "\(url)")
    }
  }

  private static let local = ["127.0.0.2", "[::1]", "0.0.0.0", "[::]", "169.254.169.254", "[fe80::1]", "two.lan"]

  @Test(arguments: local)
  func whoLiesInsideDoesNotLeadToThisMachineOrALink(_ host: String) {
    #expect(!reach("http://camera.lan/x").allows("http://\(host):8080/latest/meta-data"))
    #expect(host == "two.lan" || !reach("http://127.0.0.1/x").allows("http://\(host):8080/latest/meta-data"))
    #expect(reach("http://\(host)/x").allows("http://\(host)/x"), "the user named it")
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("localhost", "127.0.0.1"), ("localhost", "[::1]"),
    ("169.254.169.254", "169.254.169.254"), ("[fe80::1]", "[fe80::1]"), ("two.lan", "127.0.0.1"),
  ])
  func butToItself(_ source: String, _ next: String) {
    #expect(reach("http://\(source):1/x").allows("http://\(next):2/y"))
  }

  @Test func aNameOnBothSidesMayNotNameItself() {
    #expect(!reach("http://both.example/x.m3u8").allows("http://both.example/1.ts"))
  }
}
