import Dispatch
import Synchronization
import Testing

@testable import Linear

@Suite struct CrewTests {
  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func everyPieceIsDoneOnce(_ threads: Int, _ count: Int) throws {
    let engine = try Engine(.openblas, threads: threads)
    let done = Mutex([Int](repeating: 0, count: count))
    for _ in 0..<50 {
      engine.perform(count, cost: 1_000_000) { range in
        done.withLock { done in for piece in range { done[piece] += 1 } }
      }
    }
    #expect(done.withLock { $0 } == [Int](repeating: 50, count: count))
  }

  @Test func workInsideWorkIsDoneByWhoCameWithIt() throws {
    let engine = try Engine(.openblas, threads: 3)
    let sum = Atomic<Int>(0)
    engine.perform(6, cost: 1_000_000) { outer in
      for number in outer {
        engine.perform(100, cost: 1_000_000) { inner in
          sum.wrappingAdd(number * inner.count, ordering: .relaxed)
        }
      }
    }
    #expect(sum.load(ordering: .relaxed) == 1500)
  }

  @Test func aCallerWhoFindsTheCrewBusyWorksAlone() throws {
    let engine = try Engine(.openblas, threads: 2)
    let sum = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<200 {
        engine.perform(10, cost: 1_000_000) { sum.wrappingAdd($0.count, ordering: .relaxed) }
      }
    }
    #expect(sum.load(ordering: .relaxed) == 8000)
  }

  @Test func theFirstFailureIsThrownWhenAllHaveEnded() throws {
    let engine = try Engine(.openblas, threads: 3)
    let ended = Atomic<Int>(0)
    let text = failure { () throws(LinearError) in
      try engine.perform(3, cost: 1_000_000) { range throws(LinearError) in
        defer { ended.wrappingAdd(1, ordering: .relaxed) }
        if range.contains(1) { throw .engine(reason: "the second") }
      }
    }
    #expect(text == "the second")
    #expect(ended.load(ordering: .relaxed) == 3)
  }

  @Test(arguments: [1, 2, 3, 10])
  func sharesAreEqualAndInOrder(_ count: Int) throws {
    let engine = try Engine(.openblas, threads: 3)
    var states: [[Int]] = []
    engine.share(count, among: &states, make: { [] }) { state, range in state = Array(range) }
    #expect(states.flatMap { $0 } == Array(0..<count))
    #expect(states.count == min(3, count))
    #expect(states.map(\.count).max()! - states.map(\.count).min()! <= 1)
  }
}
