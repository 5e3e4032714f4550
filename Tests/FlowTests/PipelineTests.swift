import Dispatch
import Glibc
import Media
import Synchronization
import Testing

@testable import Flow

/// Doubles every number; may fail at one, and adds `tail` at the end.
private struct Doubler: Stage {
  var failsAt: Int?
  var tail: [Int] = []

  mutating func accept(_ input: Int) throws(Failure) -> [Int] {
    if input == failsAt { throw Failure(name: "doubler") }
    return [2 * input]
  }

  mutating func finish() -> [Int] { tail }
}

private struct Failure: Error, Equatable {
  var name: String
}

/// Collects what arrives.
private final class Basket<Element: Sendable>: Sendable {
  private let content = Mutex<[Element]>([])

  func add(_ element: Element) { content.withLock { $0.append(element) } }
  var elements: [Element] { content.withLock { $0 } }
}

extension Pipeline {
  fileprivate func numbers(_ count: Int, capacity: Int = 2) -> Channel<[Int]> {
    let output = Channel<[Int]>(capacity: capacity)
    source("numbers", into: output) { emit in
      for n in 0..<count { guard emit([n]) else { return } }
    }
    return output
  }

  fileprivate func collect<T: Sendable>(_ channel: Channel<T>) -> Basket<T> {
    let basket = Basket<T>()
    sink("collect", after: channel) { next in while let element = next() { basket.add(element) } }
    return basket
  }
}

/// Runs `body` on another thread; false when it takes longer than `time`.
private func ends(within time: DispatchTimeInterval, _ body: @escaping @Sendable () -> Void) -> Bool {
  let done = DispatchSemaphore(value: 0)
  DispatchQueue(label: "watched").async {
    body()
    done.signal()
  }
  return done.wait(timeout: .now() + time) == .success
}

@Suite(.serialized) struct PipelineTests {
  @Test func elementsPassInOrderAndTheEndBringsTheTail() throws {
    let pipeline = Pipeline()
    let doubled = pipeline.stage("double", after: pipeline.numbers(500)) { Doubler(tail: [-1, -2]) }
    let basket = pipeline.collect(doubled)
    try pipeline.wait()
    #expect(basket.elements.flatMap(\.self) == (0..<500).map { 2 * $0 } + [-1, -2])
  }

  @Test func aStageIsMadeOnItsOwnQueueAndItsFailureToBeginEndsAll() {
    let pipeline = Pipeline()
    let never = pipeline.stage("never", after: pipeline.numbers(.max)) { () throws -> Doubler in
      throw Failure(name: "begin")
    }
    let basket = pipeline.collect(never)
    #expect(throws: Failure(name: "begin")) { try pipeline.wait() }
    #expect(basket.elements.isEmpty)
  }

  @Test func aFailureInTheMiddleUnwindsBothWays() {
    let pipeline = Pipeline()
    let first = pipeline.stage("first", after: pipeline.numbers(.max)) { Doubler() }
    let second = pipeline.stage("second", after: first) { Doubler(failsAt: 20) }
    let basket = pipeline.collect(second)
    #expect(throws: Failure(name: "doubler")) { try pipeline.wait() }
    #expect(basket.elements.flatMap(\.self) == (0..<10).map { 4 * $0 })
  }

  @Test func theFirstFailureWins() {
    let pipeline = Pipeline()
    let second = pipeline.stage("fails", after: pipeline.numbers(.max)) { Doubler(failsAt: 5) }
    pipeline.sink("fails later", after: second) { next in
      while next() != nil {}
      throw Failure(name: "later")
    }
    #expect(throws: Failure(name: "doubler")) { try pipeline.wait() }
  }

  @Test func aFailingSourceEndsItsReadersNormally() {
    let pipeline = Pipeline()
    let output = Channel<[Int]>(capacity: 2)
    pipeline.source("fails", into: output) { emit in
      _ = emit([1])
      throw Failure(name: "source")
    }
    let basket = pipeline.collect(output)
    #expect(throws: Failure(name: "source")) { try pipeline.wait() }
    #expect(basket.elements == [[1]])
  }

  @Test func aSinkThatHasEnoughStopsTheSource() throws {
    let pipeline = Pipeline()
    let given = Mutex(0)
    let output = Channel<[Int]>(capacity: 2)
    pipeline.source("endless", into: output) { emit in
      while emit([0]) { given.withLock { $0 += 1 } }
    }
    let doubled = pipeline.stage("double", after: output) { Doubler() }
    pipeline.sink("three", after: doubled) { next in for _ in 0..<3 { _ = next() } }
    try pipeline.wait()
    #expect(given.withLock { $0 } < 100)
  }

  @Test func aSlowSinkHoldsTheSourceBack() throws {
    let pipeline = Pipeline()
    let ahead = Mutex((given: 0, taken: 0, most: 0))
    let output = Channel<[Int]>(capacity: 3)
    pipeline.source("fast", into: output) { emit in
      for n in 0..<200 {
        guard emit([n]) else { return }
        ahead.withLock {
          $0.given += 1
          $0.most = max($0.most, $0.given - $0.taken)
        }
      }
    }
    pipeline.sink("slow", after: output) { next in
      while next() != nil {
        usleep(50)
        ahead.withLock { $0.taken += 1 }
      }
    }
    try pipeline.wait()
    #expect(ahead.withLock { $0.most } <= 5)  // 3 under way, one at either end
  }

  @Test func everyStageHasOneThreadAndNoMore() throws {
    let before = threadCount()
    let pipeline = Pipeline()
    var channel = pipeline.numbers(300)
    for n in 0..<10 { channel = pipeline.stage("\(n)", after: channel) { Doubler(failsAt: -1) } }
    let most = Mutex(0)
    pipeline.sink("count", after: channel) { next in
      while next() != nil { most.withLock { $0 = max($0, threadCount()) } }
    }
    try pipeline.wait()
    #expect(most.withLock { $0 } <= before + 12 + 6)  // 12 queues; Dispatch keeps a few workers of its own
  }

  @Test func tenThousandRandomRunsEnd() {
    let hasEnded = ends(within: .seconds(10)) {
      var random = SystemRandomNumberGenerator()
      for _ in 0..<10_000 {
        let pipeline = Pipeline()
        let count = Int.random(in: 0..<4, using: &random)
        let wanted = Int.random(in: 0..<4, using: &random)
        let failsAt = Bool.random(using: &random) ? Int.random(in: 0..<4, using: &random) : nil
        let input = pipeline.numbers(count, capacity: 1)
        let doubled = pipeline.stage("double", after: input, capacity: 1) { Doubler(failsAt: failsAt, tail: [7]) }
        pipeline.sink("some", after: doubled) { next in for _ in 0..<wanted { _ = next() } }
        do { try pipeline.wait() } catch {}
      }
    }
    #expect(hasEnded)
  }
}

private func threadCount() -> Int {
  guard let directory = unsafe opendir("/proc/self/task") else { return 0 }
  defer { _ = unsafe closedir(directory) }
  var count = -2  // `.` and `..`
  while unsafe readdir(directory) != nil { count += 1 }
  return count
}
