package import Media
import Synchronization

/// A subscription to what is yet to come: batches are offered by whoever makes them, who never waits, and taken by one
/// client. A client that is too far behind loses the oldest batches whole, counted by source and told before the next.
package final class LiveFeed: RecordSubscription {
  /// How far behind a client may be. One batch is always kept, however large.
  package struct Room: Sendable {
    package var batches = 64
    package var bytes = 4 << 20
    package init() {}
  }

  package let layout: RecordLayout
  package let opening: [UInt8]
  package let start: String
  private let room: Room
  private let state = Mutex(State())

  fileprivate struct State {
    var waiting: [RecordBatch] = []
    var losses: [RecordLoss] = []
    var lostCount: Int64 = 0
    var isClosed = false
    var taker: CheckedContinuation<RecordChunk?, Never>?
  }

  package init(_ layout: RecordLayout, opening: [UInt8], start: String, room: Room = Room()) {
    self.layout = layout
    self.opening = opening
    self.start = start
    self.room = room
  }

  /// Nobody waits for what comes next.
  var isIdle: Bool { state.withLock { $0.taker == nil } }

  /// Bytes that the client has not taken.
  package var waitingBytes: Int { state.withLock { $0.waiting.reduce(0) { $0 + $1.arrow.count } } }

  package var lostCount: Int64 { state.withLock { $0.lostCount } }

  /// Gives the client one batch, which must have its records.
  package func offer(_ batch: RecordBatch) {
    precondition(batch.records != nil, "losses are counted by record")
    let taker = state.withLock { state -> CheckedContinuation<RecordChunk?, Never>? in
      guard !state.isClosed else { return nil }
      if let taker = state.taker {
        state.taker = nil
        return taker
      }
      state.waiting.append(batch)
      state.makeRoom(room)
      return nil
    }
    taker?.resume(returning: .batch(batch))
  }

  /// No more will come: `next` gives what is waiting, then nil.
  package func finish() { end(keeping: true) }

  package func close() { end(keeping: false) }

  package func prepare() async {}

  package func nudge() {
    let taker = state.withLock { $0.taker.take() }
    taker?.resume(returning: .quiet())
  }

  package func next() async -> RecordChunk? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isDone, chunk) = state.withLock { state -> (Bool, RecordChunk?) in
          precondition(state.taker == nil, "one task takes what a feed gives")
          if let chunk = state.take() { return (true, chunk) }
          if !state.isClosed { state.taker = continuation }
          return (state.isClosed, nil)
        }
        if isDone { continuation.resume(returning: chunk) }
      }
    } onCancel: {
      close()
    }
  }

  private func end(keeping isKept: Bool) {
    let taker = state.withLock { state -> CheckedContinuation<RecordChunk?, Never>? in
      state.isClosed = true
      if !isKept { (state.waiting, state.losses) = ([], []) }
      defer { state.taker = nil }
      return state.taker
    }
    taker?.resume(returning: nil)
  }
}

extension LiveFeed.State {
  /// What the client has to get next: first what it has lost.
  fileprivate mutating func take() -> RecordChunk? {
    if !losses.isEmpty {
      defer { losses = [] }
      return .lost(losses)
    }
    return waiting.isEmpty ? nil : .batch(waiting.removeFirst())
  }

  fileprivate mutating func makeRoom(_ room: LiveFeed.Room) {
    var size = waiting.reduce(0) { $0 + $1.arrow.count }
    while waiting.count > 1, waiting.count > room.batches || size > room.bytes {
      let oldest = waiting.removeFirst()
      size -= oldest.arrow.count
      for record in oldest.records ?? [] { lose(record.source) }
    }
  }

  private mutating func lose(_ source: String) {
    lostCount += 1
    let index = losses.firstIndex { $0.source == source }
    let loss = RecordLoss(source, (index.map { losses[$0].count } ?? 0) + 1)
    if let index { losses[index] = loss } else { losses.append(loss) }
  }
}
