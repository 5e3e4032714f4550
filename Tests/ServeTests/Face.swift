import Emit
import Glibc
import Media
import Synchronization

@testable import Serve

/// A daemon for one test: what it is to say is set, and records are given by hand or from what it has kept.
final class Face: DaemonFace {
  struct State {
    var ailments: [String] = []
    var obstacles: [String] = []
    var sources: [SourceReport] = []
    var pictures: [String: PictureFile] = [:]
    var bodies: [String: [UInt8]] = [:]
    var feeds: [LiveFeed] = []
    var kept: [RecordBatch] = []
    var asked: [(sources: [String], position: String?)] = []
    /// How long a source takes to end, or a picture to be drawn.
    var slowness: UInt32 = 0
    /// What the first kept batch is found to be.
    var fault: FaceError?
    /// And what comes behind the last.
    var faultBehind: FaceError?
    /// How many kept batches were taken.
    var taken = 0
  }

  let layout: RecordLayout
  private let state = Mutex(State())
  private let writer: Mutex<ArrowWriter>

  init(dimensions: Int = 4) {
    layout = RecordLayout(
      columns: [.init(slot: Slot(.audio), dimensions: dimensions, stepDimensions: nil)], fusedDimensions: dimensions,
      hasSteps: false, metadata: [("tandem.schema", "1")])
    writer = Mutex(ArrowWriter(layout))
  }

  func with<Result>(_ body: (inout sending State) -> sending Result) -> sending Result { state.withLock(body) }

  var opening: [UInt8] { writer.withLock(\.opening) }

  /// A batch of `count` windows of one source, beginning with number `first`.
  func batch(_ first: Int, count: Int = 1, source: String = "cam", keepsRecords: Bool = true) -> RecordBatch {
    let dimensions = layout.fusedDimensions
    let records = (first..<first + count).map { window in
      let start = Instant(index: Int64(window), rate: Ratio(1))
      let vector = Array(repeating: Float(window), count: dimensions)
      return Embedding(
        source: source, status: .ok,
        place: .init(epoch: 0, window: Int64(window), interval: Interval(start, start + TimeSpan(seconds: 2))),
        tracks: [WindowTrack(slot: Slot(.audio), valid: 1, vector: vector)], gates: [1], fused: vector)
    }
    var bytes: [UInt8] = []
    writer.withLock { $0.append(records, to: &bytes) }
    return RecordBatch(position: "p\(first + count)", arrow: bytes, records: keepsRecords ? records : nil)
  }

  func give(_ batch: RecordBatch) {
    for feed in state.withLock({ $0.feeds }) { feed.offer(batch) }
  }

  func ailments() -> [String] { state.withLock { $0.ailments } }
  func obstacles() -> [String] { state.withLock { $0.obstacles } }
  func sources() -> [SourceReport] { state.withLock { $0.sources } }

  func metrics() -> [MetricFamily] {
    [MetricFamily("tandem_windows", .counter, help: "Windows.", [MetricSample(.integer(7), [("source", "a\"b")])])]
  }

  func picture(of source: String) throws(FaceError) -> PictureFile? {
    usleep(state.withLock { $0.slowness })
    let isKnown = sources().contains { $0.name == source }
    guard isKnown else { throw .unknown("no source \(source)") }
    return state.withLock { $0.pictures[source] }
  }

  func put(source: String, _ body: [UInt8]) throws(FaceError) -> Bool {
    if body.isEmpty { throw .invalid("line 1: \"url\" is missing") }
    usleep(state.withLock { $0.slowness })
    return state.withLock { state in
      defer { state.bodies[source] = body }
      if state.sources.contains(where: { $0.name == source }) { return false }
      state.sources.append(SourceReport(name: source, url: "rtsp://host/…", state: "waiting"))
      return true
    }
  }

  func delete(source: String) throws(FaceError) {
    let count = state.withLock { state in
      defer { state.sources.removeAll { $0.name == source } }
      return state.sources.count
    }
    if sources().count == count { throw .unknown("no source \(source)") }
  }

  func subscribe(sources: [String], from position: String?) throws(FaceError) -> any RecordSubscription {
    state.withLock { $0.asked.append((sources, position)) }
    guard let position else {
      let feed = LiveFeed(layout, opening: opening, start: "live", room: Self.room)
      state.withLock { $0.feeds.append(feed) }
      return feed
    }
    if position == "old" { throw .gone("old is kept no longer") }
    let kept = state.withLock { $0.kept }
    let first = position == "start" ? 0 : kept.firstIndex { $0.position == position }.map { $0 + 1 }
    guard let first else { throw .invalid("\(position) is no position") }
    return Replay(self, opening, position, Array(kept[first...]))
  }

  private static var room: LiveFeed.Room {
    var room = LiveFeed.Room()
    room.batches = 8
    return room
  }
}

/// What has been kept, as fast as it is taken.
final class Replay: RecordSubscription {
  let layout: RecordLayout
  let opening: [UInt8]
  let start: String
  let lostCount: Int64 = 0
  private let face: Face
  private let rest: Mutex<[RecordBatch]>

  init(_ face: Face, _ opening: [UInt8], _ start: String, _ batches: [RecordBatch]) {
    (self.face, self.opening, self.start, layout) = (face, opening, start, face.layout)
    rest = Mutex(batches)
  }

  func prepare() async throws(FaceError) {
    if let fault = face.with({ $0.fault }) { throw fault }
  }

  func next() async throws(FaceError) -> RecordChunk? {
    if let fault = face.with({ $0.faultBehind }), rest.withLock({ $0.isEmpty }) { throw fault }
    let batch = rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if batch != nil { face.with { $0.taken += 1 } }
    return batch.map { .batch($0) }
  }

  func nudge() {}

  func close() { rest.withLock { $0 = [] } }
}
