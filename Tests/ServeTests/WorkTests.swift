import Glibc
import Testing

@testable import Serve

/// What takes long holds up only those who asked for it.
@Suite(.serialized) struct WorkTests {
  private let clock = ContinuousClock()

  @Test func theOthersAreAnsweredWhileSourcesAndPicturesTakeTheirTime() async throws {
    let house = try await House()
    house.face.with { state in
      state.sources = [SourceReport(name: "cam", url: "/a", state: "running")]
      state.slowness = 3_000_000
    }
    let (took, replies, late) = try await aside { [clock] in
      let slow = try (0..<12).map { _ in try house.wire() }
      for (n, wire) in slow.enumerated() {
        if n % 2 == 0 { wire.ask("GET /v1/sources/cam/picture") } else { put("new-\(n)", wire) }
      }
      usleep(200_000)
      var replies: [Int?] = []
      let took = try clock.measure {
        for path in ["/healthz", "/metrics", "/readyz", "/v1/sources"] {
          replies.append(try house.reply("GET \(path)")?.status)
        }
      }
      return (took, replies, slow.map { $0.answer()?.status })
    }
    #expect(replies == [200, 200, 200, 200])
    #expect(took < .seconds(2), "\(took)")  // before the first of those has come
    #expect(late == (0..<12).map { $0 % 2 == 0 ? 404 : 201 })
  }

  private func put(_ name: String, _ wire: Wire) {
    wire.send("PUT /v1/sources/\(name) HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nurl: a")
  }

  @Test func tooManyAtOnceAreToldSo() async throws {
    let house = try await House { $0.limits.changes = 2 }
    house.face.with { $0.slowness = 500_000 }
    let statuses = try await aside {
      let wires = try (0..<4).map { _ in try house.wire() }
      for (n, wire) in wires.enumerated() { put("new-\(n)", wire) }
      let statuses = wires.map { $0.answer()?.status ?? 0 }
      put("more", wires[0])
      return statuses.sorted() + [wires[0].answer()?.status ?? 0]
    }
    #expect(statuses == [201, 201, 503, 503, 201])
  }

  @Test func aPictureThatTakesTooLongIsNotWaitedFor() async throws {
    let house = try await House { $0.limits.picturePatience = .milliseconds(100) }
    house.face.with { state in
      state.sources = [SourceReport(name: "cam", url: "/a", state: "running")]
      state.slowness = 1_000_000
    }
    let reply = try await aside { try house.reply("GET /v1/sources/cam/picture") }
    #expect(reply?.status == 503)
    #expect(reply?.text == "{\"error\":\"it takes longer than 0.1 seconds\"}\n")
  }

  @Test func whatIsReadIsReadInTurn() async {
    let numbers = await withTaskGroup(of: Int.self) { group in
      for n in 0..<20 {
        group.addTask {
          await Workroom.read {
            usleep(1000)
            return n
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(numbers.sorted() == Array(0..<20))
  }
}
