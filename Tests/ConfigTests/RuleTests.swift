import Media
import Testing

@testable import Config

@Suite struct RuleTests {
  @Test(arguments: [
    ("http: {tcp: 127.0.0.1:80}", "t.yaml:1: http.tcp: needs http.token: over TCP any user of this machine may come"),
    ("http: {socket: /a}\nrecords: {socket: /a}", "t.yaml:1: http.socket: is the path of the other socket too"),
    (
      "records:\n  keep_size: 1MiB",
      "t.yaml:2: records.keep_size: a segment is larger than all that is kept"
    ),
    ("records: {keep_age: 1m}", "t.yaml:1: records.keep_age: a segment grows older than what is kept"),
    ("limits: {source_buffer: 2GiB}", "t.yaml:1: limits.source_buffer: one source may hold more than limits.memory"),
    (
      "limits: {memory: 64MiB}\nrecords: {reader_buffer: 65MiB}",
      "t.yaml:2: records.reader_buffer: one reader may hold more than limits.memory"
    ),
    ("live: {first_retry: 40s}", "t.yaml:1: live.first_retry: the first wait is longer than the longest"),
    (
      "limits: {sources: 1}\nsources: {a: {url: a}, b: {url: b}}",
      "t.yaml:1: limits.sources: there are 2 sources, more than 1"
    ),
    ("sources:\n  a: {kind: file}", "t.yaml:2: sources.a: has no url"),
    ("sources:\n  a: {}", "t.yaml:2: sources.a: has no url"),
    ("sources:\n  a:", "t.yaml:2: sources.a: has no value"),
    ("sources: {a: {url: a, kind: file, listen: true}}", "t.yaml:1: sources.a.listen: goes with live sources alone"),
    ("sources: {a: {url: a, kind: live, loop: true}}", "t.yaml:1: sources.a.loop: goes with files alone"),
    (
      "sources: {a: {url: \"http://h/\", kind: directory}}",
      "t.yaml:1: sources.a.kind: a directory is a path of this machine, not a URL"
    ),
    ("sources: {a: {url: a, buffer: 2GiB}}", "t.yaml:1: sources.a.buffer: is more than limits.memory"),
    (
      "sources: {a/b: {url: a}}",
      "t.yaml:1: sources: 'a/b' is no name of a source (letters, digits, . _ -, at most 64)"
    ),
  ])
  func whatDoesNotGoTogetherIsNamed(_ text: String, _ complaint: String) { #expect(complaints(text) == [complaint]) }

  @Test(arguments: [("htpp", ", did you mean 'http'?"), ("UPD", ", did you mean 'udp'?"), ("gopher", "")])
  func otherSchemesAreRefused(_ scheme: String, _ hint: String) {
    let known = SourceScheme.all.joined(separator: ", ")
    #expect(
      complaints("sources:\n  a:\n    url: \(scheme)://u:hunter2@h/x") == [
        "t.yaml:3: sources.a.url: '\(scheme.lowercased())' is not one of \(known)\(hint)"
      ])
  }

  @Test(arguments: SourceScheme.all + ["RTSP"])
  func schemesThatAreReadAreGood(_ scheme: String) {
    #expect(complaints("sources: {a: {url: \"\(scheme)://h/x\"}}") == [])
  }

  @Test(arguments: ["/srv/a?b://c", "${credential:whole}", "a b://c", "://x"])
  func whatHasNoSchemeIsAPath(_ address: String) {
    #expect(complaints("sources: {a: {url: \"\(address)\"}}") == [])
  }

  @Test func forEverIsNoAge() { #expect(complaints("records: {keep_age: 0, segment_age: 30d}\n") == []) }

  @Test(arguments: ["127.0.0.1:8765", "127.1.2.3:1", "[::1]:65535"])
  func tcpIsOfThisMachine(_ text: String) throws {
    let address = try #require(LoopbackAddress(text))
    #expect(address.description == text)
  }

  @Test(arguments: [
    "0.0.0.0:80", "192.0.2.1:80", "[::]:80", "[::1]", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:80",
    "127.0.0.01:80", "127.0.0:80", "127.0.0.256:80", "localhost:80", ":80", "127.0.0.1:+80", "",
  ])
  func otherAddressesAreRefused(_ text: String) { #expect(LoopbackAddress(text) == nil) }

  @Test func namesOfSourcesMayBecomeFiles() {
    for name in ["front", "a.b-c_D9", String(repeating: "x", count: 64)] { #expect(isName(name)) }
    for name in ["", ".", "..", "a/b", "a b", "ä", String(repeating: "x", count: 65)] { #expect(!isName(name)) }
  }

  @Test func aTokenIsAPlaceNotASecret() throws {
    let text = "http: {tcp: 127.0.0.1:80, token: "
    #expect(try config(text + "web}").http.token == .credential("web"))
    #expect(try config(text + "/etc/t}").http.token == .file("/etc/t"))
    let said = complaints("http: {token: hunter2=}")
    #expect(said == ["t.yaml:1: http.token: is neither the name of a credential nor an absolute path"])
  }

  @Test func whatIsLiveDropsWhereNothingElseIsSaid() throws {
    let sources = try config("sources: {a: {url: a}, b: {url: b, on_full: drop_oldest, kind: live}}").sources
    #expect(sources.map(\.onFull) == [nil, .dropOldest])
    #expect(sources.map { $0.onFull(isLive: true) } == [.dropOldest, .dropOldest])
    #expect(sources[0].onFull(isLive: false) == .block)
  }
}
