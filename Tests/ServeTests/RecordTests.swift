import Emit
import Glibc
import Media
import Testing

@testable import Serve

@Suite struct RecordTests {
  private let house: House

  init() async throws { house = try await House() }

  /// Asks for records, and waits until the daemon has been asked.
  private func listen(_ path: String, accept: String, _ fields: [String] = []) async throws -> Wire {
    let house = house
    let count = house.face.with { $0.asked.count }
    return try await aside {
      let wire = try house.wire()
      wire.ask("GET \(path)", ["Host: x", "Accept: \(accept)"] + fields)
      guard soon({ house.face.with { $0.asked.count > count } }) else { throw House.NobodyAnswers() }
      return wire
    }
  }

  /// What has come until `mark` has, taken out of its chunks.
  private func text(_ wire: Wire, until mark: String) async throws -> String {
    try await aside {
      guard wire.wait(for: mark) else { return wire.text }
      let split = wire.text.firstRange(of: "\r\n\r\n")
      let head = split.map { wire.text[..<$0.upperBound].utf8.count } ?? 0
      return String(decoding: Reply.unchunked(Array(wire.got[head...])), as: UTF8.self)
    }
  }

  @Test func linesAreRecords() async throws {
    let wire = try await listen("/v1/records", accept: "application/x-ndjson")
    house.face.give(house.face.batch(0, count: 2))
    house.face.give(house.face.batch(2))
    let text = try await text(wire, until: "\"window\":2")
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.first?.hasPrefix(#"{"source":"cam","status":"ok","epoch":0,"window":0,"#) == true)
    #expect(lines.first?.hasSuffix(#""fused":[0.0,0.0,0.0,0.0]}"#) == true)
    #expect(wire.text.lowercased().contains("tandem-position: live\r\n"))
    #expect(wire.text.lowercased().contains("content-type: application/x-ndjson\r\n"))
  }

  @Test(arguments: [("none", nil), ("base64", #""fused":"AACAPwAAgD8AAIA/AACAPw==""#), ("array", "1.0,1.0,1.0,1.0]")])
  func vectorsAreShownAsWanted(form: String, vector: String?) async throws {
    let wire = try await listen("/v1/records?vectors=\(form)", accept: "application/x-ndjson")
    house.face.give(house.face.batch(1))
    let text = try await text(wire, until: "}\n")
    #expect(text.contains("\"fused\"") == (vector != nil))
    if let vector { #expect(text.contains(vector)) }
  }

  @Test func arrowIsTheDaemonsBytes() async throws {
    let house = house
    let batches = (0..<3).map { house.face.batch($0 * 10, count: 10) }
    house.face.with { $0.kept = batches }
    let reply = try await aside {
      try house.reply("GET /v1/records?from=start", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
    }
    let end = [UInt8](repeating: 0xFF, count: 4) + [UInt8](repeating: 0, count: 4)
    #expect(reply?.body == house.face.opening + batches.flatMap(\.arrow) + end)
    #expect(reply?.fields["tandem-position"] == "start")
  }

  @Test func sourcesAndPositionAreTheDaemonsToJudge() async throws {
    let house = house
    let replies = try await aside {
      try ["?source=a&source=b%20c&from=p7", "?from=old", "?from="].map { try house.reply("GET /v1/records\($0)") }
    }
    #expect(replies.map { $0?.status } == [400, 410, 400])
    #expect(replies[0]?.text == "{\"error\":\"p7 is no position\"}\n")
    let asked = house.face.with { $0.asked }
    #expect(asked.first?.sources == ["a", "b c"])
    #expect(asked.first?.position == "p7")
  }

  @Test(arguments: [
    (FaceError.gone("no longer kept: the oldest records are at 3:0"), 410),
    (.gone("the records at 1:0 are damaged"), 410), (.unavailable("read: Input/output error"), 503),
  ])
  func aFirstRecordThatCannotBeHadIsSaidBeforeTheHead(fault: FaceError, status: Int) async throws {
    let house = house
    let batch = house.face.batch(0)
    house.face.with { state in
      state.kept = [batch]
      state.fault = fault
    }
    let (reply, streams) = try await aside {
      (try house.reply("GET /v1/records?from=start"), try house.figure("tandem_http_streams"))
    }
    #expect(reply?.status == status)
    #expect(reply?.fields["tandem-position"] == nil)
    #expect(streams == 0)
    #expect(house.log.isEmpty)
  }

  @Test func damageBehindTheFirstRecordBreaksTheStreamOffAndIsNoFloodOfLines() async throws {
    let house = house
    let batch = house.face.batch(0)
    house.face.with { state in
      state.kept = [batch]
      state.faultBehind = .gone("the records at p1 are damaged")
    }
    let (texts, broken) = try await aside {
      let texts = try (0..<5).map { _ in
        let wire = try house.wire()
        wire.ask("GET /v1/records?from=start")
        return wire.waitForEnd() ? wire.text : ""
      }
      return (texts, try house.figure("tandem_http_streams_broken_total"))
    }
    for text in texts { #expect(text.contains("\"window\":0") && !text.hasSuffix("0\r\n\r\n")) }
    #expect(broken == 5)
    let line = "records from start: gone(\"the records at p1 are damaged\")"
    #expect(house.log == ["\(line) (1 so far)", "\(line) (2 so far)", "\(line) (4 so far)"])
  }

  @Test(arguments: [("text/event-stream", true), ("application/x-ndjson", false)])
  func eventsSayThatNothingComes(form: String, isTold: Bool) async throws {
    let house = try await House { $0.limits.heartbeat = .milliseconds(50) }
    let text = try await aside {
      let wire = try house.wire()
      wire.ask("GET /v1/records", ["Host: x", "Accept: \(form)"])
      guard soon({ house.face.with { $0.feeds.count == 1 } }) else { throw House.NobodyAnswers() }
      usleep(400_000)
      house.face.give(house.face.batch(5))
      return wire.wait(for: "\"window\":5") ? wire.text : ""
    }
    #expect(text.contains("\"window\":5"))
    #expect(text.contains("\r\n:\n\n\r\n") == isTold)
  }

  @Test func whereOnlyOthersRecordsComeAnEventMovesThePosition() throws {
    let feed = LiveFeed(house.face.layout, opening: house.face.opening, start: "live")
    var (events, lines) = (RecordText(feed, .events, .none), RecordText(feed, .lines, .none))
    #expect(try String(decoding: events.bytes(.quiet("3:81920")), as: UTF8.self) == ":\nid: 3:81920\n\n")
    #expect(try String(decoding: events.bytes(.quiet()), as: UTF8.self) == ":\n\n")
    #expect(try lines.bytes(.quiet("3:81920")) == [])
  }

  @Test func theFormIsSaidToDependOnWhatIsAccepted() async throws {
    let house = house
    let reply = try await aside { try house.reply("GET /v1/records?from=start") }
    #expect(reply?.fields["vary"] == "Accept")
    #expect(reply?.fields["date"]?.hasSuffix(" GMT") == true)
  }

  @Test(arguments: ["?form=x", "?vectors=all", "?vectors", "?Source=a"])
  func aMisspeltParameterIsNamed(query: String) async throws {
    let house = house
    let reply = try await aside { try house.reply("GET /v1/records\(query)") }
    #expect(reply?.status == 400)
  }

  @Test func anUnknownFormIsNotAcceptable() async throws {
    let house = house
    let reply = try await aside { try house.reply("GET /v1/records", ["Host: x", "Accept: application/json"]) }
    #expect(reply?.status == 406)
    #expect(reply?.text.contains("text/event-stream") == true)
  }

  @Test func eventsCarryPositionsAndResumeAfterThem() async throws {
    let house = house
    let batches = (0..<4).map { house.face.batch($0 * 2, count: 2, keepsRecords: false) }
    house.face.with { $0.kept = batches }
    let all = try await aside {
      try house.reply("GET /v1/records?from=start", ["Host: x", "Accept: text/event-stream"])?.text ?? ""
    }
    let events = all.split(separator: "\n\n")
    #expect(events.first == "retry: 2000\nid: start")
    try #require(events.count == 9)
    #expect(events[1].wholeMatch(of: #/data: \{"source":"cam",[^\n]*"window":0,[^\n]*\}/#) != nil)
    #expect(events[2].wholeMatch(of: #/data: \{"source":"cam",[^\n]*"window":1,[^\n]*\}\nid: p2/#) != nil)
    #expect(!all.contains("fused"))
    // Broken off inside the second batch: its position was not seen, so it comes again whole. The URL is the old one.
    let rest = try await aside {
      try house.reply(
        "GET /v1/records?from=start", ["Host: x", "Accept: text/event-stream", "Last-Event-ID: p2"])?.text ?? ""
    }
    #expect(rest == "retry: 2000\nid: p2\n\n" + events[3...].map { "\($0)\n\n" }.joined())
  }

  @Test func lostRecordsAreToldInEveryForm() async throws {
    let face = house.face
    let feed = LiveFeed(
      face.layout, opening: face.opening, start: "p0",
      room: {
        var room = LiveFeed.Room(); room.batches = 1; return room
      }())
    for n in 0..<3 { feed.offer(face.batch(n)) }
    guard case .lost(let losses)? = await feed.next() else { throw House.NobodyAnswers() }
    var told: [RecordForm: String] = [:]
    for form in RecordForm.allCases {
      var text = RecordText(feed, form, .none)
      told[form] = String(decoding: try text.bytes(.lost(losses)), as: UTF8.self)
    }
    #expect(told[.lines]?.hasPrefix(#"{"source":"cam","status":"dropped","epoch":null,"#) == true)
    #expect(told[.lines]?.contains(#""dropped":2,"#) == true)
    #expect(told[.events] == "event: dropped\ndata: \(told[.lines] ?? "")\n")
    var text = RecordText(feed, .arrow, .none)
    let row = try ArrowRecords(opening: face.opening).records(try text.bytes(.lost(losses)))
    #expect(row.map(\.status) == [.dropped] && row.map(\.dropped) == [2])
  }

  @Test func whoHangsUpIsForgotten() async throws {
    let wire = try await listen("/v1/records", accept: "text/event-stream")
    let house = house
    #expect(try await aside { try house.figure("tandem_http_streams") } == 1)
    wire.hangUp()
    #expect(try await aside { try soon { try house.figure("tandem_http_streams") == 0 } })
    #expect(try await aside { try soon { try house.figure("tandem_http_clients") == 1 } })
  }
}
