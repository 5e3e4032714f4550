import HTTPTypes
import Testing

@testable import Serve

@Suite struct RequestTests {
  private static let targets: [(String, [String], [String])] = [
    ("/", [], []), ("/v1/sources/cam%201", ["v1", "sources", "cam 1"], []), ("/a%2Fb", ["a/b"], []),
    ("/a/?x=1&y&x=%C3%A9", ["a", ""], ["x=1", "y=", "x=é"]), ("//", ["", ""], []), ("/a?", ["a"], []),
  ]

  @Test(arguments: targets)
  func aTargetIsDecoded(text: String, path: [String], query: [String]) throws {
    let target = try #require(Target(text))
    #expect(target.path == path)
    #expect(target.query.map { "\($0.name)=\($0.value)" } == query)
  }

  @Test(arguments: ["", "x", "http://h/", "*", "/%", "/%2", "/%zz", "/%+1", "/%00", "/%ff", "/a?b=%0a", "/%7f"])
  func whatIsNoTargetIsRefused(text: String) { #expect(Target(text) == nil) }

  private static let wishes: [(String?, RecordForm?)] = [
    (nil, .lines), ("*/*", .lines), ("text/event-stream", .events), ("text/*", .events),
    ("application/vnd.apache.arrow.stream", .arrow), ("APPLICATION/X-NDJSON", .lines),
    ("application/x-ndjson;q=0.5, application/vnd.apache.arrow.stream", .arrow),
    ("application/x-ndjson ; q=0.2 , text/event-stream;q=0.3", .events),
    ("*/*;q=0.1, application/x-ndjson;q=0, text/event-stream;q=0.05", .arrow),
    ("application/*;q=0.9, application/x-ndjson;q=0.2", .arrow), ("text/html, */*;q=0.8", .lines),
    ("text/event-stream;q=0.001", .events), ("application/json", nil), ("", nil), ("*/*;q=0", nil),
    ("text/event-stream;q=2", nil), ("text/event-stream;q=x", nil), ("text/event-stream;q=0.0001", nil),
  ]

  @Test(arguments: wishes)
  func theFormThatIsLikedBestIsChosen(accept: String?, form: RecordForm?) {
    #expect(RecordForm(accept: accept) == form)
  }

  private let access = Access(token: "0123456789abcdef", hosts: ["tandem.example"])

  private func fault(_ host: String, _ authorization: String?) -> Access.Fault? {
    var request = HTTPRequest(method: .get, scheme: "http", authority: host, path: "/")
    request.headerFields[.authorization] = authorization
    return access.fault(request)
  }

  @Test(arguments: [
    "localhost", "localhost:80", "LOCALHOST", "127.0.0.1:9", "127.1.2.3", "[::1]:80", "[::1]", "tandem.example",
    "Tandem.Example:443",
  ])
  func ourNamesAreOurs(host: String) { #expect(fault(host, "Bearer 0123456789abcdef") == nil) }

  @Test(arguments: [
    "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil", "[::2]", "localhost:x",
    "10.0.0.1", "::1", "tandem.example.",
  ])
  func namesOfStrangersAreNot(host: String) { #expect(fault(host, "Bearer 0123456789abcdef") == .host) }

  @Test(arguments: [
    nil, "", "Bearer", "Bearer ", "Basic 0123456789abcdef", "Bearer 0123456789abcdeF", "Bearer 0123456789abcde",
    "Bearer 0123456789abcdef0", "0123456789abcdef", "Bearer  0123456789abcdef",
  ])
  func aWrongTokenIsNone(authorization: String?) { #expect(fault("localhost", authorization) == .token) }

  @Test func theSchemeMayBeWrittenAnyhow() { #expect(fault("localhost", "bEARER 0123456789abcdef") == nil) }
}
