import Testing

@testable import Decode

@Suite struct NetworkReachTests {
  /// Names of a world of its own.
  private static let world: [String: [HostAddress]] = [
    "camera.lan": [.ip4(0xC0A8_0005), .ip6([0xFD] + [UInt8](repeating: 0, count: 14) + [5])],
    "media.example": [.ip4(0x0808_0808)], "other.example": [.ip4(0x0909_0909)],
    "both.example": [.ip4(0x0808_0808), .ip4(0x7F00_0001)],
  ]

  private func reach(_ source: String) -> NetworkReach { NetworkReach(source) { Self.world[$0] ?? [] } }

  @Test(arguments: ["http://camera.lan/x.m3u8", "rtsp://user:pw@camera.lan:554/x"])
  func whoLiesInsideIsTrusted(_ source: String) {
    #expect(reach(source).isTrusted)
    for url in ["http://camera.lan/1.ts", "http://media.example/1.ts", "http://unknown.example/"] {
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

  @Test func aNameOnBothSidesMayNotNameItself() {
    #expect(!reach("http://both.example/x.m3u8").allows("http://both.example/1.ts"))
  }
}
