import Dispatch
import Glibc
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

  /// The part of every thread is done when `perform` returns, however often they are held up between two rounds.
  @Test(arguments: [(2, 200_000), (3, 100_000), (6, 30_000)])
  func noRoundEndsBeforeItsParts(_ threads: Int, _ rounds: Int) {
    let crew = Crew(threads: threads)
    let done = (0..<threads).map { _ in Counter() }
    var early = 0
    for round in 1...rounds {
      let isDone = crew.perform(threads) { part in
        if part > 0, (round + part) % 61 == 0 { _ = sched_yield() }
        done[part].count.wrappingAdd(1, ordering: .relaxed)
      }
      early += isDone ? done.count { $0.count.load(ordering: .relaxed) != round } : 1
    }
    #expect(early == 0)
  }

  /// The second helper has no thread at first: nothing is begun with the first alone.
  @Test func withoutAThreadTheCallerWorksAlone() throws {
    let attempts = Counter()
    let crew = Crew(threads: 3) { body in
      let attempt = attempts.count.wrappingAdd(1, ordering: .relaxed).newValue
      return attempt == 1 || attempt > 3 ? Crew.startThread(body) : EAGAIN
    }
    let done = Counter()
    let outcomes = (0..<4).map { _ in
      crew.perform(3) { part in done.count.wrappingAdd(1 << (8 * part), ordering: .relaxed) }
    }
    #expect(outcomes == [false, false, true, true])
    #expect(done.count.load(ordering: .relaxed) == 0x02_02_02)
    #expect(attempts.count.load(ordering: .relaxed) == 4)
  }

  /// The sender is held up between its word and the bell, and comes back when the next word is awaited.
  @Test func aBellThatRingsLateIsNoWord() {
    let (post, taken, end) = (Post(), Counter(), DispatchSemaphore(value: 0))
    post.place(7)
    #expect(post.take() == 7)
    DispatchQueue.global().async {
      taken.count.store(Int(post.take()), ordering: .relaxed)
      end.signal()
    }
    while !post.isAsleep { sched_yield() }
    post.ring()
    post.put(8)
    end.wait()
    #expect(taken.count.load(ordering: .relaxed) == 8)
    // Nothing is left behind.
    post.put(9)
    #expect(post.take() == 9 && !post.isAsleep)
  }
}

/// On its own, so that threads can count without a lock.
private final class Counter: Sendable { let count = Atomic<Int>(0) }
