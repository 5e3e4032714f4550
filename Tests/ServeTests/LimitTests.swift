import Glibc
import Testing

@testable import Serve

@Suite(.serialized) struct LimitTests {
  /// The words behind a client that takes nothing: 400 kB each.
  private func wideFace() -> Face { Face(dimensions: 50_000) }

  @Test func aClientThatTakesNothingCostsOnlyItself() async throws {
    let house = try await House(face: wideFace())
    let (windows, lost) = try await aside {
      let (stalled, fast) = (try house.wire(), try house.wire())
      stalled.ask("GET /v1/records", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
      fast.ask("GET /v1/records", ["Host: x", "Accept: text/event-stream"])
      guard soon({ house.face.with { $0.feeds.count == 2 } }) else { throw House.NobodyAnswers() }
      var windows = 0
      for n in 0..<300 {
        house.face.give(house.face.batch(n))
        if fast.wait(for: "\"window\":\(n),") { windows += 1 }
      }
      return (windows, house.face.with { $0.feeds.map(\.lostCount) })
    }
    #expect(windows == 300)
    #expect(lost.min() == 0)
    #expect(lost.max() ?? 0 > 200)
  }

  @Test func memoryIsBoundedWhileAClientStallsAndWhatItLosesIsTold() async throws {
    let house = try await House(face: wideFace())
    let (lost, grown, text) = try await aside {
      let stalled = try house.wire()
      stalled.ask("GET /v1/records", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
      guard soon({ house.face.with { $0.feeds.count == 1 } }) else { throw House.NobodyAnswers() }
      let batch = house.face.batch(0)
      let before = residentBytes()
      for _ in 0..<2000 { house.face.give(batch) }  // 800 MB
      let grown = residentBytes() - before
      let lost = try house.figure("tandem_http_records_dropped_total") ?? 0
      return (lost, grown, stalled.wait(for: "dropped"))
    }
    #expect(lost > 1900)
    #expect(grown < 32 << 20, "\(grown) bytes")
    #expect(text)
  }

  @Test func whatIsKeptComesAsFastAsItIsTaken() async throws {
    let face = wideFace()
    let batch = face.batch(0)
    face.with { $0.kept = Array(repeating: batch, count: 200) }
    let house = try await House(face: face)
    let (early, size) = try await aside {
      let wire = try house.wire()
      wire.ask("GET /v1/records?from=start", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
      guard wire.wait(for: "\r\n\r\n") else { throw House.NobodyAnswers() }
      usleep(200_000)
      let early = face.with { $0.taken }
      return (early, wire.answer()?.body.count)
    }
    #expect(early < 10)
    #expect(size == face.opening.count + 200 * batch.arrow.count + 8)
  }

  @Test func whoTakesNothingForTooLongIsHungUpOn() async throws {
    let face = wideFace()
    let batch = face.batch(0)
    face.with { $0.kept = Array(repeating: batch, count: 200) }
    let house = try await House(face: face) { $0.limits.stall = .milliseconds(200) }
    let (isGone, size) = try await aside {
      let wire = try house.wire()
      wire.ask("GET /v1/records?from=start", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
      let isGone = try soon { try house.figure("tandem_http_refused_total{reason=\"stalled\"}") == 1 }
      return (isGone && wire.waitForEnd(), wire.got.count)
    }
    #expect(isGone)
    #expect(size < 200 * batch.arrow.count)
    #expect(house.log.contains { $0.contains("took nothing") })
  }

  @Test func slowButSteadyIsNotStalled() async throws {
    let face = wideFace()
    let batch = face.batch(0)
    face.with { $0.kept = Array(repeating: batch, count: 4) }
    let house = try await House(face: face) { $0.limits.stall = .seconds(2) }
    let size = try await aside {
      let wire = try house.wire()
      wire.ask("GET /v1/records?from=start", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
      while wire.got.count < 1_500_000, wire.take(1 << 15) { usleep(60_000) }  // longer than a stall in all
      return wire.answer()?.body.count
    }
    #expect(size == face.opening.count + 4 * batch.arrow.count + 8)
  }

  @Test func norIsWhoTakesALittleAllTheTime() async throws {
    let face = wideFace()
    let batch = face.batch(0)
    face.with { $0.kept = Array(repeating: batch, count: 20) }
    let house = try await House(face: face) { $0.limits.stall = .milliseconds(1500) }
    let size = try await aside {
      let wire = try house.wire()
      wire.ask("GET /v1/records?from=start", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
      for _ in 0..<120 where wire.take(2000) { usleep(50_000) }  // the channel's room shows at 150 kB at the earliest
      return wire.answer()?.body.count
    }
    #expect(size == face.opening.count + 20 * batch.arrow.count + 8)
  }

  @Test(arguments: [
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", "GET /healthz?", "GET /healthz HTTP/1.1\r\nHost: x\r\n",
  ])
  func aFloodOfHeaderBytesCostsOnlyItself(beginning: String) async throws {
    let house = try await House { $0.limits.idle = .milliseconds(400) }
    let (sent, isGone, other, grown) = try await aside {
      let wire = try house.wire()
      let before = residentBytes()
      wire.send(beginning)
      let flood =
        beginning.hasSuffix("\n") ? String(repeating: "A: b\r\n", count: 10_000) : String(repeating: "x", count: 60_000)
      var sent = 0
      while sent < 100_000, wire.send(flood) { sent += 1 }
      let other = try house.reply("GET /healthz")
      return (sent, wire.waitForEnd(), other, residentBytes() - before)
    }
    #expect(sent < 100_000)
    #expect(isGone)
    #expect(other?.status == 200)
    #expect(grown < 16 << 20, "\(grown) bytes")
  }

  @Test func garbageIsNoRequest() async throws {
    let house = try await House()
    let text = try await aside {
      let wire = try house.wire()
      wire.send("\u{0}\u{1}hello\r\n\r\n")
      _ = wire.wait(for: "\r\n\r\n")
      return wire.text
    }
    #expect(text.hasPrefix("HTTP/1.1 400 ") && text.contains("\r\n\r\n{\"error\":"))
  }

  @Test func aHeadThatIsTooLongIsToldWhichPartOfItIs() async throws {
    let house = try await House { $0.limits.headerBytes = 1000 }
    let (long, short) = (String(repeating: "x", count: 1001), String(repeating: "x", count: 400))
    let replies = try await aside {
      let heads = [
        "GET /\(long) HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nHost: \(long)\r\n",
        "GET /healthz?\(short) HTTP/1.1\r\nA: \(short)\r\nB: \(short)\r\n",
      ]
      return try heads.flatMap { head in
        // Alone, and as the second of a connection.
        try [false, true].map { isSecond in
          let wire = try house.wire()
          if isSecond {
            wire.ask("GET /healthz")
            guard wire.answer()?.status == 200 else { throw House.NobodyAnswers() }
          }
          wire.send(head)
          defer { _ = wire.waitForEnd() }
          return wire.answer()?.status
        }
      }
    }
    #expect(replies == [414, 414, 431, 431, 431, 431])
    #expect(house.log.contains { $0.contains("more than 1000 bytes") })
  }

  @Test func aClientThatLeavesInTheMiddleOfAHeadIsNoFault() async throws {
    let house = try await House()
    let figure = try await aside {
      let wire = try house.wire()
      wire.send("GET /healthz HTTP/1.1\r\nHo")
      wire.hangUp()
      guard try soon({ try house.figure("tandem_http_clients") == 1 }) else { throw House.NobodyAnswers() }
      return try house.figure("tandem_http_refused_total{reason=\"head\"}")
    }
    #expect(figure == 0)
  }

  @Test func aBodyThatIsTooLongIsRefusedWithoutBeingRead() async throws {
    let house = try await House { $0.limits.bodyBytes = 1000 }
    let (told, chunked, unwanted) = try await aside {
      let told = try house.wire()
      told.ask("PUT /v1/sources/a", ["Host: x", "Content-Length: 1001"])
      let chunked = try house.wire()
      chunked.ask("PUT /v1/sources/a", ["Host: x", "Transfer-Encoding: chunked"])
      for _ in 0..<100 { if !chunked.send("64\r\n" + String(repeating: "x", count: 100) + "\r\n") { break } }
      let unwanted = try house.wire()
      unwanted.ask("GET /healthz", ["Host: x", "Content-Length: 1000000"])
      let replies = (told.answer(), chunked.answer(), unwanted.answer())
      return try [told, chunked, unwanted].allSatisfy { $0.waitForEnd() } ? replies : { throw House.NobodyAnswers() }()
    }
    #expect(told?.status == 413)
    #expect(told?.text == "{\"error\":\"more than 1000 bytes\"}\n")
    #expect(chunked?.status == 413)
    #expect(unwanted?.status == 200 && unwanted?.fields["connection"] == "close")
    #expect(house.face.with { $0.bodies.isEmpty })
  }

  @Test(arguments: ["", "GET /healthz HT", "PUT /v1/sources/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"])
  func whoDoesNotGoOnIsHungUpOn(beginning: String) async throws {
    let house = try await House { $0.limits.idle = .milliseconds(200) }
    let isGone = try await aside {
      let wire = try house.wire()
      wire.send(beginning)
      return wire.waitForEnd()
    }
    #expect(isGone)
  }

  @Test func aBodyThatTricklesIsHungUpOn() async throws {
    let house = try await House { $0.limits.idle = .milliseconds(300) }
    let sent = try await aside {
      let wire = try house.wire()
      wire.ask("PUT /v1/sources/a", ["Host: x", "Content-Length: 1000"])
      var sent = 0
      while sent < 100, wire.send("x") {
        sent += 1
        usleep(50_000)
      }
      return sent
    }
    #expect(sent < 30)
  }

  @Test func aStreamWithNothingToSayIsNotIdle() async throws {
    let house = try await House { $0.limits.idle = .milliseconds(200) }
    let isThere = try await aside {
      let wire = try house.wire()
      wire.ask("GET /v1/records", ["Host: x"])
      guard soon({ house.face.with { $0.feeds.count == 1 } }) else { throw House.NobodyAnswers() }
      usleep(600_000)
      house.face.give(house.face.batch(5))
      return wire.wait(for: "\"window\":5")
    }
    #expect(isThere)
  }

  @Test func streamsLeavePlacesToWhoeverIsSoonAnswered() async throws {
    let house = try await House { $0.limits.clients = 4 }
    let (streams, asked, again) = try await aside {
      let wires = try (0..<3).map { _ in try house.wire() }
      for wire in wires {
        wire.ask("GET /v1/records", ["Host: x"])
        guard wire.wait(for: "\r\n\r\n") else { throw House.NobodyAnswers() }
      }
      let last = try house.wire()
      last.ask("GET /v1/records", ["Host: x"])
      let refused = last.answer()
      guard last.waitForEnd(), refused?.fields["retry-after"] == "5" else { throw House.NobodyAnswers() }
      let asked = try soon { try house.reply("GET /healthz")?.status == 200 }
      wires[0].hangUp()
      let again = try soon {
        let wire = try house.wire()
        wire.ask("GET /v1/records", ["Host: x"])
        return wire.wait(for: "HTTP/1.1 200 ")
      }
      return (wires.map { $0.text.hasPrefix("HTTP/1.1 200 ") } + [refused?.status == 503], asked, again)
    }
    #expect(streams == [true, true, true, true])
    #expect(asked && again)
    #expect(house.log.contains { $0.contains("3 streams are under way") })
  }

  @Test func onlySoManyClientsAreLetIn() async throws {
    let house = try await House { $0.limits.clients = 3 }
    let (replies, isRefused, again) = try await aside {
      let wires = try (0..<3).map { _ in try house.wire() }
      for wire in wires { wire.ask("GET /healthz") }
      let replies = wires.map { $0.answer()?.status }
      let fourth = try house.wire()
      let isRefused = fourth.waitForEnd() && fourth.got.isEmpty
      wires[0].hangUp()
      return (replies, isRefused, try soon { try house.reply("GET /healthz")?.status == 200 })
    }
    #expect(replies == [200, 200, 200])
    #expect(isRefused)
    #expect(again)
    #expect(house.log.contains { $0.contains("more than 3 clients") })
  }
}
