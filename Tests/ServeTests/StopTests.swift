import Dispatch
import Glibc
import Testing

@testable import Serve

@Suite(.serialized) struct StopTests {
  private let clock = ContinuousClock()

  @Test func openStreamsEndWholeAndAtOnce() async throws {
    let house = try await House()
    let (took, lines, arrow) = try await aside { [clock] in
      let (lines, arrow, idle) = (try house.wire(), try house.wire(), try house.wire())
      lines.ask("GET /v1/records")
      arrow.ask("GET /v1/records", ["Host: x", "Accept: application/vnd.apache.arrow.stream"])
      idle.ask("GET /healthz")
      guard idle.answer() != nil, soon({ house.face.with { $0.feeds.count == 2 } }) else {
        throw House.NobodyAnswers()
      }
      house.face.give(house.face.batch(3))
      guard lines.wait(for: "\"window\":3") else { throw House.NobodyAnswers() }
      // Clients hang up when they see the end, as curl does.
      let took = clock.measure {
        let ends = hangUpAtTheEnd([lines, arrow])
        house.server.stop()
        ends.wait()
      }
      return (took, lines.answer()?.text, arrow.answer()?.body)
    }
    #expect(took < .seconds(2), "\(took)")  // half a second, and what a busy machine adds
    #expect(lines?.split(separator: "\n").count == 1)
    #expect(arrow?.suffix(8) == [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
  }

  @Test func aClientThatTakesNothingDoesNotHoldTheServerUp() async throws {
    let face = Face(dimensions: 50_000)
    let batch = face.batch(0)
    face.with { $0.kept = Array(repeating: batch, count: 200) }
    let house = try await House(face: face)
    let took = try await aside { [clock] in
      let wires = try (0..<3).map { _ in try house.wire() }
      for wire in wires { wire.ask("GET /v1/records?from=start", ["Host: x", "Accept: text/event-stream"]) }
      for wire in wires where !wire.wait(for: "\r\n\r\n") { throw House.NobodyAnswers() }
      return clock.measure { house.server.stop() }
    }
    #expect(took < .seconds(2), "\(took)")  // half a second, and what a busy machine adds
  }

  @Test func nobodyIsLetInAfterwards() async throws {
    let house = try await House()
    let isGone = try await aside {
      house.server.stop()
      house.server.stop()
      return Wire(house.path) == nil
    }
    #expect(isGone)
  }

  @Test func serversComeAndGoWithoutATrace() async throws {
    let before = openDescriptors()
    for _ in 0..<20 {
      let house = try await House()
      _ = try await aside { try house.reply("GET /healthz") }
      try await house.stop()
    }
    #expect(openDescriptors() <= before + 4)
  }

  private func openDescriptors() -> Int { (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 } }
}
