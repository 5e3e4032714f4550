import Testing

@testable import Serve

@Suite struct LiveFeedTests {
  private let face = Face()

  private func feed(batches: Int = 64, bytes: Int = 1 << 20) -> LiveFeed {
    var room = LiveFeed.Room()
    (room.batches, room.bytes) = (batches, bytes)
    return LiveFeed(face.layout, opening: face.opening, start: "p0", room: room)
  }

  /// `p3`, or `cam:2` for two lost of cam.
  private func told(_ chunk: RecordChunk?) -> [String] {
    switch chunk {
    case nil: ["end"]
    case .batch(let batch): [batch.position]
    case .lost(let losses): losses.map { "\($0.source):\($0.count)" }
    case .quiet: ["quiet"]
    }
  }

  private func drain(_ feed: LiveFeed) async -> [String] {
    var all: [String] = []
    repeat { all += told(await feed.next()) } while all.last != "end"
    return all
  }

  @Test func whatIsOfferedIsTakenInOrder() async {
    let feed = feed()
    for n in 0..<3 { feed.offer(face.batch(n)) }
    feed.finish()
    #expect(await drain(feed) == ["p1", "p2", "p3", "end"])
    #expect(feed.lostCount == 0)
  }

  @Test func oneWhoWaitsGetsWhatComes() async {
    let feed = feed()
    async let first = feed.next()
    while feed.isIdle { await Task.yield() }
    feed.offer(face.batch(0))
    #expect(told(await first) == ["p1"])
  }

  @Test func whoIsBehindLosesTheOldestAndIsToldFirst() async {
    let feed = feed(batches: 2)
    feed.offer(face.batch(0, count: 2))
    feed.offer(face.batch(2, source: "door"))
    for n in 3..<6 { feed.offer(face.batch(n)) }
    feed.finish()
    #expect(feed.lostCount == 4)
    #expect(await drain(feed) == ["cam:3", "door:1", "p5", "p6", "end"])
  }

  @Test func bytesAreBoundedButOneBatchIsAlwaysKept() async {
    let size = face.batch(0).arrow.count
    let feed = feed(bytes: 3 * size - 1)
    for n in 0..<4 { feed.offer(face.batch(n)) }
    feed.offer(face.batch(4, count: 500))
    feed.finish()
    #expect(await drain(feed) == ["cam:4", "p504", "end"])
  }

  @Test func closingEndsTheWaitAndForgetsTheRest() async {
    let feed = feed()
    async let first = feed.next()
    while feed.isIdle { await Task.yield() }
    feed.close()
    #expect(told(await first) == ["end"])
    feed.offer(face.batch(0))
    #expect(await drain(feed) == ["end"])
  }

  @Test func whoWaitsIsNudgedAndNobodyElse() async {
    let feed = feed()
    feed.nudge()
    async let first = feed.next()
    while feed.isIdle { await Task.yield() }
    feed.nudge()
    #expect(told(await first) == ["quiet"])
    feed.offer(face.batch(0))
    feed.nudge()
    feed.finish()
    #expect(await drain(feed) == ["p1", "end"])
  }

  @Test func aCancelledTaskWaitsNoMore() async {
    let feed = feed()
    let task = Task { await feed.next() }
    while feed.isIdle { await Task.yield() }
    task.cancel()
    #expect(told(await task.value) == ["end"])
  }
}
