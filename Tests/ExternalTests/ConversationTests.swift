import Media
import Synchronization
import Testing

@testable import External

/// Collects what people are told.
private final class Ear: Sendable {
  private let lines = Mutex<[String]>([])
  var heard: [String] { lines.withLock(\.self) }
  var warn: @Sendable (String) -> Void { { [self] line in lines.withLock { $0.append(line) } } }
}

@Suite struct ConversationTests {
  private let ear = Ear()

  private func encoder(_ stage: Stage, _ patience: Patience = Patience()) throws -> ExternalEncoder {
    try ExternalEncoder(stage, greeting, patience, warn: ear.warn)
  }

  /// `requests`, `answers`, `failed`, `failed_timeout` … without their prefix.
  private func counts(_ encoder: ExternalEncoder) -> [String: Int64] {
    let values = encoder.health.counters.values
    #expect(
      values["encoder_requests"] == (values["encoder_answers"] ?? 0) + (values["encoder_failed"] ?? 0),
      "all are counted")
    return Dictionary(uniqueKeysWithValues: values.map { (String($0.key.dropFirst("encoder_".count)), $0.value) })
  }

  @Test func answersStandInTheirRequestsPlaces() throws {
    let encoder = try encoder(Stage { .say(answer($0.id)) })
    #expect(try encoder.answers(to: requests(3)) == [[0], [1], [2]])
    #expect(try encoder.answers(to: []) == [])
    #expect(try encoder.answers(to: requests(2)) == [[3], [4]])
    #expect(counts(encoder) == ["requests": 5, "answers": 5])
  }

  @Test func answersOutOfOrderArePutInOrder() throws {
    let waiting = Mutex<[Int64]>([])
    let encoder = try encoder(
      Stage(hello: Stage.hello(batch: 4)) { asked in
        let all = waiting.withLock { ids in
          ids.append(asked.id)
          defer { if asked.more == 0 { ids = [] } }
          return asked.more == 0 ? ids : []
        }
        return .say(all.reversed().flatMap { answer($0) })
      })
    #expect(try encoder.answers(to: requests(10)) == (0..<10).map { [Float($0)] })
  }

  @Test func neverAreMoreUnderWayThanTheProgramTakes() throws {
    // It answers the first of those that wait only when nothing else comes.
    let waiting = Mutex<(now: Set<Int64>, most: Int)>(([], 0))
    let encoder = try encoder(
      Stage(hello: Stage.hello(batch: 3)) { asked in
        waiting.withLock { state in
          state.now.insert(asked.id)
          state.most = max(state.most, state.now.count)
          guard asked.more == 0, let first = state.now.min() else { return .nothing }
          state.now.remove(first)
          return .say(answer(first))
        }
      }, Patience(answer: .seconds(1)))
    let answers = try encoder.answers(to: requests(9))
    #expect(waiting.withLock(\.most) == 3)
    #expect(answers.prefix(7).allSatisfy { $0 != nil })
  }

  @Test func aDeterministicRunAsksOneByOne() throws {
    let encoder = try ExternalEncoder(
      Stage(hello: Stage.hello(batch: 8)) { $0.more == 0 ? .say(answer($0.id)) : .die },
      Greeting(version: "0", modality: .text, isDeterministic: true), Patience(), warn: ear.warn)
    #expect(try encoder.answers(to: requests(3)) == [[0], [1], [2]])
  }

  @Test func silenceCostsWhatIsUnderWayAndARestart() throws {
    let stage = Stage { $0.id == 1 ? .nothing : .say(answer($0.id)) }
    let encoder = try encoder(stage, Patience(answer: .seconds(30)))
    #expect(try encoder.answers(to: requests(4)) == [[0], nil, [2], [3]])
    #expect(counts(encoder) == ["requests": 4, "answers": 3, "failed": 1, "failed_timeout": 1, "restarts": 1])
    #expect(stage.starts.count == 2 && stage.starts[1] >= .seconds(30) && stage.starts[1] < .seconds(31))
    #expect(ear.heard.count == 1 && ear.heard[0].contains("30.0 s"))
  }

  @Test func slowAnswersThatComeInTimeCostNothing() throws {
    let calls = Mutex(0)
    let stage = Stage { stage, _ in
      Puppet(stage, hello: Stage.hello(batch: 4)) { asked in
        calls.withLock { $0 += 1 }
        stage.wait(until: stage.now + .seconds(20))
        return .say(answer(asked.id))
      }
    }
    #expect(try encoder(stage, Patience(answer: .seconds(30))).answers(to: requests(4)) == [[0], [1], [2], [3]])
    #expect(calls.withLock(\.self) == 4 && stage.now >= .seconds(80))
  }

  @Test(arguments: [
    ("garbage", "failed_garbage"), ("size", "failed_size"), ("die", "failed_exit"),
  ])
  func aProgramThatCannotBeUnderstoodIsStartedAnew(_ what: String, _ counter: String) throws {
    let stage = Stage { asked in
      guard asked.id == 1 else { return .say(answer(asked.id)) }
      switch what {
      case "garbage": return .say(Array("Traceback\n".utf8))
      case "size": return .say(Array(#"{"id":1,"bytes":5}"#.utf8) + [10, 1, 2, 3, 4, 5])
      default: return .die
      }
    }
    let encoder = try encoder(stage)
    #expect(try encoder.answers(to: requests(3)) == [[0], nil, [2]])
    #expect(counts(encoder) == ["requests": 3, "answers": 2, "failed": 1, counter: 1, "restarts": 1])
    #expect(stage.stops == [.zero])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func numbersThatAreNotFiniteCostTheirInputAlone(_ number: Float) throws {
    let stage = Stage { .say(answer($0.id, $0.id == 1 ? number : 5)) }
    let encoder = try encoder(stage)
    #expect(try encoder.answers(to: requests(3)) == [[5], nil, [5]])
    #expect(counts(encoder) == ["requests": 3, "answers": 2, "failed": 1, "failed_not_finite": 1])
    #expect(stage.starts.count == 1)
  }

  @Test func aRefusalCostsItsInputAloneAndIsToldOnce() throws {
    let encoder = try encoder(Stage { .say(Array(#"{"id":\#($0.id),"error":"too dark"}"#.utf8) + [10]) })
    #expect(try encoder.answers(to: requests(20)) == [[Float]?](repeating: nil, count: 20))
    #expect(counts(encoder) == ["requests": 20, "failed": 20, "failed_error": 20])
    #expect(ear.heard.count == 1 && ear.heard[0].contains("too dark"))
  }

  @Test func answersThatNobodyAskedForAreCountedAndLeftOut() throws {
    let encoder = try encoder(Stage { .say(answer($0.id) + answer($0.id, 9) + answer($0.id + 1000, 9)) })
    #expect(try encoder.answers(to: requests(2)) == [[0], [1]])
    // What follows the last answer is read before the next request is written.
    #expect(try encoder.answers(to: requests(1)) == [[2]])
    let counts = counts(encoder)
    #expect(counts["repeated_ids"]! >= 2 && counts["unknown_ids"]! >= 2 && counts["failed"] == nil)
  }

  @Test func pausesGrowAndAProgramThatOnlyFailsIsGivenUp() throws {
    let stage = Stage { _ in .die }
    let encoder = try encoder(stage)
    #expect(try encoder.answers(to: requests(9)) == [[Float]?](repeating: nil, count: 9))
    #expect(
      counts(encoder) == ["requests": 9, "failed": 9, "failed_exit": 5, "failed_down": 4, "restarts": 4])
    let pauses = zip(stage.starts, stage.starts.dropFirst()).map { $1 - $0 }
    #expect(pauses == [100, 200, 400, 800].map { .milliseconds($0) })
    #expect(try encoder.answers(to: requests(1)) == [nil])
    #expect(stage.starts.count == 5, "it stays given up")
    #expect(ear.heard.count == 2 && ear.heard[1].contains("given up"))
  }

  @Test func anAnswerBetweenTheFailuresKeepsItInService() throws {
    let stage = Stage { stage, _ in
      var isFirst = true
      return Puppet(stage, hello: Stage.hello()) { asked in
        defer { isFirst = false }
        return isFirst ? .say(answer(asked.id)) : .die
      }
    }
    let encoder = try encoder(stage)
    let answers = try encoder.answers(to: requests(40))
    #expect(answers.enumerated().allSatisfy { n, answer in (answer != nil) == n.isMultiple(of: 2) })
    #expect(counts(encoder)["failed"] == 20)
  }

  @Test func anEndBetweenRequestsCostsOnlyARestart() throws {
    let stage = Stage { stage, count in
      Puppet(stage, hello: Stage.hello()) { count == 0 ? .sayLast(answer($0.id)) : .say(answer($0.id)) }
    }
    let encoder = try encoder(stage)
    #expect(try encoder.answers(to: requests(1)) == [[0]])
    #expect(try encoder.answers(to: requests(2)) == [[1], [2]])
    #expect(counts(encoder) == ["requests": 3, "answers": 3, "restarts": 1])
  }

  @Test func aProgramThatBecomesAnotherIsNotBelieved() throws {
    let stage = Stage { stage, count in
      Puppet(stage, hello: Stage.hello(dim: count + 1)) { $0.id == 0 ? .say(answer(0)) : .die }
    }
    let encoder = try encoder(stage)
    #expect(try encoder.answers(to: requests(3)) == [[0], nil, nil])
    #expect(counts(encoder)["failed_down"] == 1)
    #expect(ear.heard.contains { $0.contains("something else") })
  }

  @Test func withoutAFirstHandshakeThereIsNoEncoder() {
    let silent = Stage { stage, _ in Puppet(stage, hello: nil) { _ in .nothing } }
    #expect(throws: ExternalError.self) { try encoder(silent, Patience(start: .seconds(3))) }
    #expect(silent.now >= .seconds(3) && silent.starts.count == 1 && silent.stops == [.zero])
    let missing = Stage { _, _ throws(Mishap) in throw Mishap(.handshake, "no such file") }
    #expect(throws: ExternalError.self) { try encoder(missing) }
    let chatty = Stage { stage, _ in Puppet(stage, hello: "Loading…") { _ in .nothing } }
    #expect(throws: ExternalError.self) { try encoder(chatty) }
  }

  @Test func whenAllIsToEndASilentProgramIsNotWaitedFor() throws {
    let stage = Stage { $0.id < 2 ? .say(answer($0.id)) : .nothing }
    let encoder = try encoder(stage)
    _ = try encoder.answers(to: requests(1))
    stage.cancel()
    #expect(try encoder.answers(to: requests(1)) == [[1]], "what answers may finish")
    let began = stage.now
    #expect(throws: ExternalError.self) { try encoder.answers(to: requests(1)) }
    #expect(stage.now - began <= .milliseconds(1100))
    #expect(counts(encoder) == ["requests": 3, "answers": 2, "failed": 1, "failed_interrupted": 1])
  }

  @Test(arguments: [1, 4])
  func whatWasNotBegunWhenAllEndedIsCountedToo(_ batch: Int) throws {
    let stage = Stage(hello: Stage.hello(batch: batch)) { $0.id < 2 ? .say(answer($0.id)) : .nothing }
    let encoder = try encoder(stage)
    _ = try encoder.answers(to: requests(1))
    stage.cancel()
    #expect(throws: ExternalError.self) { try encoder.answers(to: requests(9)) }
    #expect(counts(encoder) == ["requests": 10, "answers": 2, "failed": 8, "failed_interrupted": 8])
  }

  @Test func aRestartThatIsInterruptedCountsWhatItWasFor() throws {
    let stage = Stage { stage, count in
      if count == 1 { stage.cancel() }
      return Puppet(stage, hello: count == 0 ? Stage.hello() : nil) { _ in .die }
    }
    let encoder = try encoder(stage)
    #expect(throws: ExternalError.self) { try encoder.answers(to: requests(3)) }
    #expect(
      counts(encoder) == ["requests": 3, "failed": 3, "failed_exit": 1, "failed_interrupted": 2, "restarts": 1])
  }

  @Test func closingGivesTheProgramTimeToEnd() throws {
    let stage = Stage { .say(answer($0.id)) }
    let encoder = try encoder(stage)
    encoder.close()
    encoder.close()
    #expect(stage.stops == [Patience.ending])
  }
}
