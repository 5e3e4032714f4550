import Media
import Testing

@testable import Serve

@Suite struct RouteTests {
  @Test func theRootNamesTheRoutes() async throws {
    let house = try await House()
    let reply = try await aside { try house.reply("GET /") }
    #expect(reply?.status == 200)
    for path in ["/v1/records", "/v1/sources/NAME/picture", "/healthz", "/readyz", "/metrics"] {
      #expect(reply?.text.contains(path) == true, "\(path)")
    }
    #expect(reply?.fields["content-type"] == "text/plain; charset=utf-8")
    #expect(reply?.fields["cache-control"] == "no-store")
  }

  @Test func healthAndReadinessGiveTheirReasons() async throws {
    let house = try await House()
    let (health, ready) = try await aside { (try house.reply("GET /healthz"), try house.reply("GET /readyz")) }
    #expect(health?.status == 200 && health?.text == "ok\n")
    #expect(ready?.status == 200 && ready?.text == "ok\n")
    house.face.with { state in
      state.ailments = ["cam does not move"]
      state.obstacles = ["the model is being loaded", "no source is running"]
    }
    let (ill, unready) = try await aside { (try house.reply("GET /healthz"), try house.reply("GET /readyz")) }
    #expect(ill?.status == 503 && ill?.text == "cam does not move\n")
    #expect(unready?.status == 503 && unready?.text == "the model is being loaded\nno source is running\n")
  }

  @Test func sourcesAreListedAndShownAlone() async throws {
    let house = try await House()
    house.face.with { state in
      state.sources = [
        SourceReport(
          name: "cam \"1\"", url: "rtsp://host/…", state: "running", epoch: 2, windows: 10, dropped: 1, reconnects: 3,
          lastError: "timed out", position: "p9",
          sync: .init(offsetMilliseconds: 40.5, lowMilliseconds: 30, highMilliseconds: 50, driftPPM: nil),
          driftPPM: -1.5),
        SourceReport(name: "b", url: "file.ts", state: "waiting"),
      ]
    }
    let full =
      #"{"name":"cam \"1\"","url":"rtsp://host/…","state":"running","epoch":2,"windows":10,"dropped":1,"#
      + #""reconnects":3,"last_error":"timed out","position":"p9","sync_offset_ms":40.5,"sync_low_ms":30.0,"#
      + #""sync_high_ms":50.0,"drift_ppm":-1.5}"#
    let bare =
      #"{"name":"b","url":"file.ts","state":"waiting","epoch":null,"windows":0,"dropped":0,"reconnects":0,"#
      + #""last_error":null,"position":null,"sync_offset_ms":null,"sync_low_ms":null,"sync_high_ms":null,"#
      + #""drift_ppm":null}"#
    let replies = try await aside {
      try ["/v1/sources", "/v1/sources/cam%20%221%22", "/v1/sources/c"].map { try house.reply("GET \($0)") }
    }
    #expect(replies[0]?.text == "[\(full),\(bare)]\n")
    #expect(replies[0]?.fields["content-type"] == "application/json")
    #expect(replies[1]?.text == full + "\n")
    #expect(replies[2]?.status == 404 && replies[2]?.text == "{\"error\":\"no source c\"}\n")
  }

  @Test func sourcesArePutAndDeleted() async throws {
    let house = try await House()
    let replies = try await aside {
      let wire = try house.wire()
      var replies: [Reply?] = []
      for (line, body) in [
        ("PUT /v1/sources/a", "url: x\n"), ("PUT /v1/sources/a", "url: y\n"), ("PUT /v1/sources/a", ""),
        ("DELETE /v1/sources/a", ""), ("DELETE /v1/sources/a", ""),
      ] {
        wire.send("\(line) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        replies.append(wire.answer())
      }
      return replies
    }
    #expect(replies.map { $0?.status } == [201, 200, 400, 204, 404])
    #expect(replies[0]?.text.contains("\"name\":\"a\"") == true)
    #expect(replies[2]?.text == "{\"error\":\"line 1: \\\"url\\\" is missing\"}\n")
    #expect(house.face.with { $0.bodies["a"] } == Array("url: y\n".utf8))
  }

  @Test func aBodyMayComeInChunksAfterItWasAskedFor() async throws {
    let house = try await House()
    let (first, second) = try await aside {
      let wire = try house.wire()
      wire.ask("PUT /v1/sources/a", ["Host: x", "Transfer-Encoding: chunked", "Expect: 100-continue"])
      let first = wire.answer()
      wire.send("3\r\nurl\r\n4\r\n: x\n\r\n0\r\n\r\n")
      return (first, wire.answer())
    }
    #expect(first?.status == 100)
    #expect(second?.status == 201)
    #expect(house.face.with { $0.bodies["a"] } == Array("url: x\n".utf8))
  }

  @Test func aPictureComesAsItIs() async throws {
    let house = try await House()
    let bytes = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    house.face.with { state in
      state.sources = [
        SourceReport(name: "a", url: "u", state: "running"), SourceReport(name: "b", url: "u", state: "running"),
      ]
      state.pictures["a"] = PictureFile(.jpeg, bytes)
    }
    let replies = try await aside { try ["a", "b", "c"].map { try house.reply("GET /v1/sources/\($0)/picture") } }
    #expect(replies[0]?.body == bytes)
    #expect(replies[0]?.fields["content-type"] == "image/jpeg")
    #expect(replies[1]?.status == 404 && replies[1]?.text.contains("has not shown a picture") == true)
    #expect(replies[2]?.status == 404 && replies[2]?.text == "{\"error\":\"no source c\"}\n")
  }

  @Test func everyFigureIsALineThatScrapersRead() async throws {
    let house = try await House()
    let replies = try await aside { (try house.reply("GET /nowhere"), try house.reply("GET /metrics")) }
    let reply = try #require(replies.1)
    #expect(reply.fields["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    let lines = reply.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.suffix(2) == ["# EOF", ""])
    let comment = #/# (TYPE|HELP|UNIT) [a-z_]+ .+/#
    let sample = #/[a-z_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [-+0-9.e]+/#
    for line in lines.dropLast(2) {
      #expect(line.wholeMatch(of: comment) != nil || line.wholeMatch(of: sample) != nil, "\(line)")
    }
    #expect(lines.contains(#"tandem_windows_total{source="a\"b"} 7"#))
    #expect(lines.contains(#"tandem_http_answers_total{status="404"} 1"#))
    #expect(lines.contains("tandem_http_streams 0"))
  }

  @Test func whatIsNotThereOrCannotBeDoneSaysSo() async throws {
    let house = try await House()
    let asked = [
      ("GET /nowhere", 404), ("GET /v1", 404), ("GET /v1/sources/", 404), ("GET /v1/sources/a/b", 404), ("GET /%", 400),
      ("POST /healthz", 405), ("DELETE /v1/sources", 405), ("PATCH /v1/sources/a", 405), ("PUT /v1/records", 405),
      ("HEAD /v1/records", 405),
    ]
    let replies = try await aside { try asked.map { try house.reply($0.0) } }
    for (reply, (line, status)) in zip(replies, asked) {
      #expect(reply?.status == status, "\(line)")
      let isOneLine = line.hasPrefix("HEAD") || reply?.text.wholeMatch(of: #/\{"error":"[^\n]+"\}\n/#) != nil
      #expect(isOneLine, "\(line): \(reply?.text ?? "-")")
    }
    #expect(replies[5]?.fields["allow"] == "GET")
    #expect(replies[7]?.fields["allow"] == "GET, PUT, DELETE")
  }

  @Test func aHeadIsAnAnswerWithoutItsBody() async throws {
    let house = try await House()
    let replies = try await aside {
      let wire = try house.wire()
      wire.ask("HEAD /healthz")
      let head = wire.answer(toHead: true)
      wire.ask("GET /healthz")
      return (head, wire.answer())
    }
    #expect(replies.0?.status == 200 && replies.0?.fields["content-length"] == "3" && replies.0?.body == [])
    #expect(replies.1?.text == "ok\n")
  }

  @Test func requestsMayFollowWithoutWaiting() async throws {
    let house = try await House()
    let replies = try await aside {
      let wire = try house.wire()
      for path in ["/healthz", "/nowhere", "/readyz"] { wire.ask("GET \(path)") }
      return [wire.answer(), wire.answer(), wire.answer()]
    }
    #expect(replies.map { $0?.status } == [200, 404, 200])
  }
}
