import Dispatch
import Synchronization
import Testing

@testable import Flow

/// Makes one of weight 1 of the older half; zeros are not admitted.
private struct Halving: Shedding {
  func admit(_ element: Int) -> Int? { element == 0 ? nil : element }
  func took(_ elements: [Int]) {}
  func shed(_ waiting: [Int], soft: Int, hard: Int) -> [Int] { [1] + waiting.suffix(waiting.count / 2) }
}

/// Keeps what it is told.
private final class Listening: Shedding {
  let taken = Mutex<[[Int]]>([])
  let bounds = Mutex<[[Int]]>([])

  func admit(_ element: Int) -> Int? { element }
  func took(_ elements: [Int]) { taken.withLock { $0.append(elements) } }
  func shed(_ waiting: [Int], soft: Int, hard: Int) -> [Int] {
    bounds.withLock { $0.append([soft, hard]) }
    return [waiting.last!]
  }
}

/// Elements are numbers, and as heavy.
@Suite struct FunnelTests {
  private func funnel(limit: Int) -> Funnel<Int> { Funnel(limit: limit, weigh: { $0 }) }

  private func taken(_ funnel: Funnel<Int>, most: Int = .max) -> [Int: [Int]] {
    let deliveries = (funnel.receive(most: most, timeout: .now() + .seconds(5)) ?? []).filter { !$0.elements.isEmpty }
    return Dictionary(uniqueKeysWithValues: deliveries.map { ($0.lane, $0.elements) })
  }

  @Test func allThatWaitsComesAtOnceLaneByLane() {
    let funnel = funnel(limit: 100)
    let one = funnel.open(1, limit: 50)
    let two = funnel.open(2, limit: 50)
    for n in [3, 4] { #expect(one.send(n)) }
    #expect(two.send(5))
    #expect(taken(funnel) == [1: [3, 4], 2: [5]])
    #expect(funnel.weight == 0)
  }

  @Test func aLaneThatBlocksWaitsForRoomAndLosesNothing() throws {
    let funnel = funnel(limit: 100)
    let lane = funnel.open(1, limit: 10)
    let queue = DispatchQueue(label: "sender")
    let done = DispatchSemaphore(value: 0)
    queue.async {
      for n in 1...50 { _ = lane.send(n % 7 + 1) }
      done.signal()
    }
    var all: [Int] = []
    while all.count < 50 {
      let part = try #require(taken(funnel)[1])
      #expect(part.count == 1 || part.reduce(0, +) <= 10)
      all += part
    }
    done.wait()
    #expect(all == (1...50).map { $0 % 7 + 1 })
  }

  @Test func aLaneThatDropsNeverWaitsAndKeepsTheNewest() {
    let funnel = funnel(limit: 100)
    let lane = funnel.open(1, limit: 20, Halving())
    for n in 10..<20 { #expect(lane.send(n)) }
    let kept = taken(funnel)[1] ?? []
    #expect(kept == [1, 19], "what was shed is still told")
  }

  @Test func aLaneThatDropsIsToldWhatWasTakenAndHowMuchRoomThereIs() {
    let funnel = funnel(limit: 30)
    let listening = Listening()
    #expect(funnel.open(1, limit: 20).send(15))
    let lane = funnel.open(2, limit: 20, listening)
    for n in [8, 6, 12] { #expect(lane.send(n)) }
    #expect(listening.bounds.withLock { $0 } == [[13, 15]], "the other has 15 of 30")
    #expect(taken(funnel) == [1: [15], 2: [12]])
    #expect(listening.taken.withLock { $0 } == [[12]])
  }

  @Test func whatIsNotAdmittedWeighsNothingAndWakesNobody() {
    let funnel = funnel(limit: 30)
    let lane = funnel.open(1, limit: 20, Halving())
    #expect(lane.send(0))
    #expect(funnel.receive(most: 1, timeout: .now()) == nil)
  }

  @Test func oneElementHeavierThanAllPassesAlone() {
    let funnel = funnel(limit: 10)
    let lane = funnel.open(1, limit: 10)
    #expect(lane.send(1000))
    #expect(taken(funnel) == [1: [1000]])
  }

  @Test func allLanesTogetherAreBounded() {
    let funnel = funnel(limit: 30)
    let lanes = (1...5).map { funnel.open($0, limit: 20, Halving()) }
    for _ in 0..<100 { for lane in lanes { _ = lane.send(10) } }
    #expect(funnel.weight <= 30 + 5 * (10 + 1), "one element of each lane may always wait")
  }

  @Test func lanesAreServedInTurnWhenOnlyAPortionIsTaken() {
    let funnel = funnel(limit: 100)
    for n in 1...3 { _ = funnel.open(n, limit: 50).send(10) }
    #expect(taken(funnel, most: 10).keys.sorted() == [1])
    #expect(taken(funnel, most: 10).keys.sorted() == [2])
    #expect(taken(funnel, most: 10).keys.sorted() == [3])
  }

  @Test func eachLaneEndsWithADeliveryThatIsItsLast() {
    let funnel = funnel(limit: 100)
    let (full, empty, forgotten) = (
      funnel.open(1, limit: 50), funnel.open(2, limit: 50), funnel.open(3, limit: 50)
    )
    for lane in [full, forgotten] { #expect(lane.send(5)) }
    full.close()
    empty.close()
    forgotten.close(forgetting: true)
    let deliveries = funnel.receive(most: .max, timeout: .now()) ?? []
    #expect(deliveries.map(\.lane) == [1, 2, 3])
    #expect(deliveries.map(\.elements) == [[5], [], []])
    #expect(deliveries.map(\.isLast) == [true, true, true])
  }

  @Test func itIsFinishedOnlyWhenAllHasBeenDelivered() {
    let funnel = funnel(limit: 100)
    let lane = funnel.open(1, limit: 50)
    #expect(lane.send(5))
    funnel.close()
    #expect(!funnel.isFinished)
    #expect(taken(funnel) == [1: [5]])
    #expect(funnel.isFinished)
    #expect(taken(funnel).isEmpty)
  }

  @Test func aSenderThatMayNotWaitGivesUpAndStillGetsItsLastWordThrough() throws {
    let funnel = funnel(limit: 100)
    let lane = funnel.open(1, limit: 10)
    #expect(lane.send(8))
    let sent = Mutex<Bool?>(nil)
    let done = DispatchSemaphore(value: 0)
    DispatchQueue(label: "sender").async {
      let isTaken = lane.send(8)
      sent.withLock { $0 = isTaken }
      done.signal()
    }
    lane.stopWaiting()
    done.wait()
    #expect(sent.withLock { $0 } == false)
    #expect(!lane.send(8))
    #expect(lane.send(3, evenIfFull: true))
    #expect(taken(funnel) == [1: [8, 3]])
  }

  @Test func aClosedLaneStillGivesWhatWaitsUnlessItIsForgotten() {
    let funnel = funnel(limit: 100)
    let kept = funnel.open(1, limit: 50)
    let forgotten = funnel.open(2, limit: 50)
    for lane in [kept, forgotten] { _ = lane.send(5) }
    kept.close()
    forgotten.close(forgetting: true)
    #expect(!kept.send(1) && !forgotten.send(1))
    #expect(taken(funnel) == [1: [5]])
    #expect(funnel.weight == 0)
  }

  @Test func closingWakesASenderThatWaits() {
    let funnel = funnel(limit: 100)
    let lane = funnel.open(1, limit: 1)
    _ = lane.send(1)
    let outcome = Mutex<Bool?>(nil)
    let done = DispatchSemaphore(value: 0)
    DispatchQueue(label: "sender").async {
      let isTaken = lane.send(1)
      outcome.withLock { $0 = isTaken }
      done.signal()
    }
    #expect(funnel.close(1) == [1])
    #expect(done.wait(timeout: .now() + .seconds(5)) == .success)
    #expect(outcome.withLock { $0 } == false)
  }

  @Test func aClosedFunnelGivesWhatWaitsAndThenNothing() {
    let funnel = funnel(limit: 100)
    let lane = funnel.open(1, limit: 50)
    _ = lane.send(5)
    funnel.close()
    #expect(!lane.send(5))
    #expect(taken(funnel) == [1: [5]])
    #expect(taken(funnel).isEmpty)
  }

  @Test func waitingForNothingEndsInTime() {
    #expect(funnel(limit: 1).receive(most: 1, timeout: .now() + .milliseconds(10))?.count == nil)
  }
}
