import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Flow

@Suite struct BatchingTests {
  /// Sizes of the batches that `count` elements become.
  private func sizes(_ count: Int, _ batching: Batching, each: Int = 1, pause: UInt32 = 0) throws -> [Int] {
    let pipeline = Pipeline()
    let input = Channel<[Int]>(capacity: 4)
    pipeline.source("numbers", into: input) { emit in
      for n in stride(from: 0, to: count, by: each) {
        if pause > 0 { usleep(pause) }
        guard emit(Array(n..<min(n + each, count))) else { return }
      }
    }
    let batches = pipeline.batch("batch", after: input) { batching }
    let sizes = Mutex<[Int]>([])
    let next = Mutex(0)
    pipeline.sink("count", after: batches) { take in
      while let batch = take() {
        #expect(batch.first == next.withLock { $0 })
        next.withLock { $0 += batch.count }
        sizes.withLock { $0.append(batch.count) }
      }
    }
    try pipeline.wait()
    return sizes.withLock { $0 }
  }

  @Test func batchesDoubleUpToTheirMost() throws {
    #expect(try sizes(200, .doubling(max: 64)) == [1, 2, 4, 8, 16, 32, 64, 64, 9])
    #expect(try sizes(10, .doubling(max: 4)) == [1, 2, 4, 3])
  }

  @Test func largePiecesAreCutAndSmallOnesGathered() throws {
    #expect(try sizes(200, .doubling(max: 64), each: 50) == [1, 2, 4, 8, 16, 32, 64, 64, 9])
  }

  @Test func nothingMakesNoBatch() throws {
    #expect(try sizes(0, .doubling(max: 64)).isEmpty)
    #expect(try sizes(0, .within(.milliseconds(5), max: 64)).isEmpty)
  }

  @Test func nobodyWaitsForABatchLongerThanItsTime() throws {
    let sizes = try sizes(5, .within(.milliseconds(5), max: 64), pause: 25_000)
    #expect(sizes == [1, 1, 1, 1, 1])
  }

  @Test func withinTheirTimeElementsAreGathered() throws {
    let sizes = try sizes(100, .within(.milliseconds(500), max: 64))
    #expect(sizes == [64, 36])
  }

  @Test func aReaderThatLeavesStopsTheGathering() throws {
    let pipeline = Pipeline()
    let input = Channel<[Int]>(capacity: 1)
    pipeline.source("endless", into: input) { emit in while emit([1, 2, 3]) {} }
    let batches = pipeline.batch("batch", after: input) { .doubling(max: 8) }
    pipeline.sink("two", after: batches) { next in for _ in 0..<2 { _ = next() } }
    try pipeline.wait()
  }

  @Test func aBatchKeepsDoublingForEver() {
    #expect(Batching.doubling(max: .max).size(of: 61) == 1 << 61)
    #expect(Batching.doubling(max: 64).size(of: 1_000_000) == 64)
    #expect(Batching.within(.seconds(1), max: 64).size(of: 0) == 64)
  }
}
