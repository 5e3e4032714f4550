import Media
import Synchronization
import Testing

@testable import External

/// In a service: a program is started again without end, and nobody waits for it.
@Suite struct ServiceTests {
  private let heard = Heard()

  private final class Heard: Sendable {
    let lines = Mutex<[String]>([])
  }

  private func encoder(_ stage: Stage, answer: Duration = .seconds(30)) throws -> ExternalEncoder {
    let heard = heard
    return try ExternalEncoder(
      stage, greeting, Patience(answer: answer, isService: true),
      warn: { line in heard.lines.withLock { $0.append(line) } })
  }

  /// Asks every 100 ms for so long; how many vectors there were, and the longest that a call took.
  private func ask(
    _ encoder: ExternalEncoder, _ stage: Stage, for length: Duration
  ) throws -> (vectors: Int, longest: Duration) {
    var (vectors, longest) = (0, Duration.zero)
    let end = stage.now + length
    while stage.now < end {
      let began = stage.now
      vectors += try encoder.answers(to: requests(1)).count { $0 != nil }
      longest = max(longest, stage.now - began)
      stage.wait(until: stage.now + .milliseconds(100))
    }
    return (vectors, longest)
  }

  @Test func itIsNeverGivenUpAndPausesGrowToHalfAMinute() throws {
    let stage = Stage { _ in .die }
    let encoder = try encoder(stage)
    let hours = try ask(encoder, stage, for: .seconds(2 * 3600))
    #expect(hours == (0, .zero), "nothing is answered, and nobody waits")
    let pauses = zip(stage.starts, stage.starts.dropFirst()).map { $1 - $0 }
    #expect(pauses[0] < .seconds(1) && pauses.max()! < .seconds(31) && pauses.last! >= .seconds(30))
    #expect(pauses.prefix(9).indices.dropFirst().allSatisfy { pauses[$0] > pauses[$0 - 1] })
    let counters = encoder.health.counters
    #expect(counters["encoder_restarts"] == Int64(stage.starts.count) - 1 && stage.starts.count > 230)
    #expect(counters["encoder_requests"] == counters["encoder_failed"])
    let reasons = counters["encoder_failed_exit"] + counters["encoder_failed_down"]
    #expect(reasons == counters["encoder_failed"], "each for a reason")
    #expect(heard.lines.withLock(\.count) <= 2 * 3, "the journal is not flooded")
  }

  @Test func whatFailedForHoursAnswersWhenItsTroubleIsOver() throws {
    let isBroken = Mutex(false)
    let stage = Stage { stage, _ throws(Mishap) in
      if isBroken.withLock(\.self) { throw Mishap(.handshake, "no device") }
      return Puppet(stage, hello: Stage.hello()) { isBroken.withLock(\.self) ? .die : .say(answer($0.id)) }
    }
    let encoder = try encoder(stage)
    #expect(try ask(encoder, stage, for: .seconds(10)).vectors == 100 && encoder.health.isUp)
    isBroken.withLock { $0 = true }
    #expect(try ask(encoder, stage, for: .seconds(20_000)).vectors == 0)
    #expect(!encoder.health.isUp && encoder.health.lastError == "no device")
    isBroken.withLock { $0 = false }
    #expect(try ask(encoder, stage, for: .seconds(31)).vectors > 0 && encoder.health.isUp)
    #expect(heard.lines.withLock { $0.last } == "runs again")
  }

  @Test func aStretchOfHealthMakesThePauseShortAgain() throws {
    let isBroken = Mutex(true)
    let stage = Stage { isBroken.withLock(\.self) ? .die : .say(answer($0.id)) }
    let encoder = try encoder(stage)
    _ = try ask(encoder, stage, for: .seconds(600))
    isBroken.withLock { $0 = false }
    _ = try ask(encoder, stage, for: .seconds(100))
    for (isHealthy, pause) in [(true, Duration.milliseconds(100)), (false, .milliseconds(200))] {
      _ = try ask(encoder, stage, for: isHealthy ? .seconds(61) : .seconds(50))
      isBroken.withLock { $0 = true }
      #expect(try encoder.answers(to: requests(1)) == [nil])
      isBroken.withLock { $0 = false }
      let fell = stage.now
      _ = try ask(encoder, stage, for: .seconds(1))
      #expect(stage.starts.last! - fell >= pause && stage.starts.last! - fell < pause + .milliseconds(100))
    }
  }

  @Test func itIsNotWaitedForWhileItStarts() throws {
    let stage = Stage { stage, count in
      Puppet(stage, hello: count == 0 ? Stage.hello() : nil) { _ in .die }
    }
    let encoder = try encoder(stage)
    #expect(try ask(encoder, stage, for: .seconds(1000)) == (0, .zero))
    #expect(stage.starts.count > 10 && encoder.health.lastError == "no handshake within 60.0 s")
  }

  @Test(arguments: [1, 64])
  func aCallTakesNoLongerThanItsTimeHoweverManyAreAsked(_ batch: Int) throws {
    // Each answer takes 10 s, so that none is late by itself.
    let stage = Stage { stage, _ in
      Puppet(stage, hello: Stage.hello(batch: batch)) { asked in
        stage.wait(until: stage.now + .seconds(10))
        return .say(answer(asked.id))
      }
    }
    let encoder = try encoder(stage)
    let began = stage.now
    let answers = try encoder.answers(to: requests(64))
    #expect(answers.prefix(3) == [[0], [1], [2]] && answers.count { $0 != nil } == 3)
    #expect(stage.now - began <= encoder.longestCall + .seconds(10), "the puppet's last act apart")
    let counters = encoder.health.counters
    #expect(counters["encoder_answers"] + counters["encoder_failed"] == 64)
    #expect(encoder.health.lastError == "gave no answer to all within 30.0 s")
  }

  @Test func aSilentOneCostsOneWait() throws {
    let stage = Stage { $0.id == 0 ? .say(answer(0)) : .nothing }
    let encoder = try encoder(stage)
    #expect(try encoder.answers(to: requests(2)) == [[0], nil])
    let fell = stage.now
    #expect(fell >= .seconds(30) && fell <= .milliseconds(30_100))
    #expect(try encoder.answers(to: requests(9)) == [[Float]?](repeating: nil, count: 9))
    #expect(stage.now == fell, "down, at once")
  }

  @Test func itIsStartedAnewThoughNobodyAsks() throws {
    let stage = Stage { stage, count in
      Puppet(stage, hello: Stage.hello()) { count == 0 ? .sayLast(answer($0.id)) : .say(answer($0.id)) }
    }
    let encoder = try encoder(stage)
    #expect(try encoder.answers(to: requests(1)) == [[0]])
    for _ in 0..<3 {
      encoder.attend()
      stage.wait(until: stage.now + .seconds(5))
    }
    #expect(stage.starts.count == 2 && encoder.health.isUp)
    #expect(try encoder.answers(to: requests(1)) == [[1]])
    encoder.close()
    encoder.attend()
    #expect(stage.starts.count == 2 && !encoder.health.isUp)
  }

  @Test func besideOneThatTheKernelHoldsNoFurtherOneIsStarted() throws {
    let stage = Stage { $0.id == 1 ? .die : .say(answer($0.id)) }
    let encoder = try encoder(stage)
    stage.clings = true
    #expect(try encoder.answers(to: requests(2)) == [[0], nil])
    _ = try ask(encoder, stage, for: .seconds(1000))
    #expect(stage.starts.count == 1 && encoder.health.lastError == "was killed and has not ended yet")
    stage.clings = false
    #expect(try ask(encoder, stage, for: .seconds(31)).vectors > 0 && stage.starts.count == 2)
  }

  @Test func whenAllIsToEndWhatIsNotAnsweredIsNullAndNothingIsStarted() throws {
    let stage = Stage { $0.id < 2 ? .say(answer($0.id)) : .nothing }
    let encoder = try encoder(stage)
    _ = try encoder.answers(to: requests(1))
    stage.cancel()
    #expect(try encoder.answers(to: requests(1)) == [[1]], "what answers may finish")
    let began = stage.now
    #expect(try encoder.answers(to: requests(3)) == [nil, nil, nil])
    #expect(stage.now - began <= .milliseconds(1100))
    stage.wait(until: stage.now + .seconds(60))
    #expect(try encoder.answers(to: requests(1)) == [nil])
    #expect(stage.starts.count == 1 && encoder.health.counters["encoder_failed_interrupted"] == 4)
  }

  @Test func itsHealthIsReadWhileItIsAsked() throws {
    let seen = Mutex<[Int64]>([])
    let place = Mutex<ExternalEncoder?>(nil)
    let stage = Stage { asked in
      let health = place.withLock(\.self)?.health
      seen.withLock { $0.append(health?.counters["encoder_requests"] ?? -1) }
      return .say(answer(asked.id))
    }
    let encoder = try encoder(stage)
    place.withLock { $0 = encoder }
    _ = try encoder.answers(to: requests(2))
    place.withLock { $0 = nil }
    #expect(seen.withLock(\.self) == [2, 2])
  }
}
