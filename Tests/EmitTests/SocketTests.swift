import Glibc
import Media
import Synchronization
import System
import Testing

@testable import Emit

@Suite struct SocketTests {
  private let scratch = Scratch()
  private let layout = Samples.layout(dimensions: 8)
  private var path: String { scratch.file("records.sock") }

  @Test(arguments: [RecordFormat.arrow, .ndjson])
  func everyReaderGetsTheStreamAndALateOneItsRest(format: RecordFormat) throws {
    let (one, two, three) = (Samples.records(3, layout), Samples.records(5, layout), Samples.records(2, layout))
    var writer = format.writer(layout)
    var emitter = try Emitter.open(.socket(path), format: format, layout: layout)
    let early = [try Client(path), try Client(path)]
    try emitter.emit(one)
    try emitter.emit(two)
    let late = try Client(path)
    try emitter.emit(three)
    let last = try Client(path)
    try emitter.finish()
    let whole = writer.stream([one, two, three])
    for client in early { #expect(client.everything() == whole) }
    var again = format.writer(layout)
    #expect(late.everything() == again.stream([three]))
    #expect(last.everything() == writer.opening + writer.closing)
    #expect(emitter.counters["readers"] == 4 && emitter.counters["records"] == 10)
    #expect(!exists(path))
  }

  @Test func aReaderThatTakesNothingIsDroppedAndTheOthersLoseNothing() throws {
    let clients = Shared<[Client]>([])
    let time = Shared(Duration.zero)
    let policy = ReaderPolicy(
      now: { time.update { $0 += .milliseconds(500) } },
      isCancelled: {
        clients.value.first?.drain()
        return false
      })
    let wide = Samples.layout(dimensions: 4096)
    var emitter = try Emitter.open(.socket(path), format: .arrow, layout: wide, policy: policy)
    let (good, stalled) = (try Client(path), try Client(path))
    clients.update { $0 = [good] }
    let batches = [Samples.records(40, wide), Samples.records(1, wide)]
    for batch in batches { try emitter.emit(batch) }
    try emitter.finish()
    var writer = ArrowWriter(wide)
    let whole = writer.stream(batches)
    #expect(good.everything() == whole)
    #expect(stalled.everything().count < whole.count)
    #expect(emitter.counters["readers_dropped"] == 1 && emitter.counters["readers_left"] == 0)
    #expect(time.value >= .seconds(5))
  }

  @Test func aReaderThatTakesALittleAllTheTimeIsKept() throws {
    let slow = Shared<Client?>(nil)
    let time = Shared(Duration.zero)
    let policy = ReaderPolicy(
      now: { time.value },
      isCancelled: {  // asked once in every turn
        time.update { $0 += .seconds(1) }
        slow.value?.take(1 << 13)
        return time.value > .seconds(100)
      })
    var sink = try SocketSink(.path(path), opening: [1, 2, 3], policy) { _ in [] }
    slow.update { $0 = try? Client(path) }
    let batch = [UInt8](repeating: 7, count: 400_000)  // more than the system keeps for one
    try sink.write(batch, of: Samples.records(1, layout))
    try sink.finish([4])
    #expect(time.value > .seconds(20), "slow enough to be told from one that takes all at once")
    #expect(sink.counters["readers_dropped"] == 0)
    #expect(slow.value?.everything() == [1, 2, 3] + batch + [4])
  }

  @Test func aReaderThatComesAtTheVeryEndGetsAnEmptyStream() throws {
    let late = Shared<Client?>(nil)
    let isEnding = Shared(false)
    let path = path
    let policy = ReaderPolicy(now: {
      if isEnding.value && late.value == nil { late.update { $0 = try? Client(path) } }
      return .zero
    })
    var emitter = try Emitter.open(.socket(path), format: .arrow, layout: layout, policy: policy)
    let first = try Client(path)
    try emitter.emit(Samples.records(1, layout))
    isEnding.update { $0 = true }
    try emitter.finish()
    let writer = ArrowWriter(layout)
    #expect(late.value?.everything() == writer.opening + writer.closing)
    #expect(first.everything().count > writer.opening.count)
  }

  @Test func aReaderThatLeavesIsForgottenAndWhatNobodyReadsIsCounted() throws {
    var emitter = try Emitter.open(.socket(path), format: .ndjson, layout: layout)
    do {
      let client = try Client(path)
      try emitter.emit(Samples.records(2, layout))
      #expect(!client.everything(untilEnd: false).isEmpty)
    }
    try emitter.emit(Samples.records(3, layout))
    try emitter.finish()
    #expect(emitter.counters["readers_left"] == 1)
    #expect(emitter.counters["records_unread"] == 3)
  }

  @Test func waitingForTheFirstReaderEndsByCancellation() throws {
    let asked = Shared(0)
    let policy = ReaderPolicy(isCancelled: { asked.update { $0 += 1 } > 2 })
    var emitter = try Emitter.open(.socket(path), format: .arrow, layout: layout, policy: policy)
    let start = monotonicTime()
    let error = failure { () throws(EmitError) in try emitter.emit(Samples.records(1, layout)) }
    #expect(error == .cancelled("listen \(path): cancelled"))
    #expect(monotonicTime() - start < .seconds(2))
  }

  @Test func liveNeverWaitsAndDropsWholeBatchesOfTheReaderThatIsBehind() throws {
    let wide = Samples.layout(dimensions: 512)
    var emitter = try Emitter.open(
      .socket(path), format: .arrow, layout: wide, policy: ReaderPolicy(isLive: true, patience: .zero))
    try emitter.emit(Samples.records(1, wide))
    let client = try Client(path)
    try emitter.attend()
    #expect(client.everything(untilEnd: false).count > 1000)  // the schema, before any batch
    for _ in 0..<200 { try emitter.emit(Samples.records(3, wide)) }
    #expect(emitter.counters["records_unread"] == 1)
    #expect(emitter.counters["batches_dropped"] > 0)
    #expect(emitter.counters["batches_dropped"] < 100)  // of 37 kB each, 4 MiB wait for the reader
  }

  /// A live socket whose clock stands where the test puts it.
  private func liveSink(_ time: Shared<Duration>, readers: Int = 64, room: Int = 1 << 16) throws -> SocketSink {
    let policy = ReaderPolicy(isLive: true, now: { time.value })
    return try SocketSink(.path(path), opening: [1, 2, 3], policy, readers: readers, room: room) { _ in [] }
  }

  @Test func liveAReaderThatLeavesNoRoomForAMinuteIsDropped() throws {
    let time = Shared(Duration.zero)
    var sink = try liveSink(time)
    let (stalled, good) = (try Client(path), try Client(path))
    let batch = [UInt8](repeating: 7, count: 1 << 15)
    func give(_ count: Int) throws {
      for _ in 0..<count {
        try sink.write(batch, of: Samples.records(1, layout))
        good.drain()
        try sink.attend()
      }
    }
    try give(20)
    #expect(sink.counters["batches_dropped"] > 0)
    time.update { $0 = SocketSink.fullness - .milliseconds(1) }
    try give(1)
    #expect(sink.counters["readers_dropped"] == 0)
    time.update { $0 += .milliseconds(1) }
    try sink.attend()
    #expect(sink.counters["readers_dropped"] == 1 && sink.counters["readers_left"] == 0)
    try give(1)
    try sink.finish([])
    #expect(good.everything().count == 3 + 22 * batch.count)
    #expect(stalled.everything().count < 22 * batch.count)
  }

  /// A live socket of lines, whose readers take all at its end.
  private func lineSink(_ layout: RecordLayout, room: Int, _ clients: Shared<[Client]>) throws -> SocketSink {
    let policy = ReaderPolicy(
      isLive: true, now: { .zero },
      isCancelled: {
        for client in clients.value { client.drain() }
        return false
      })
    return try SocketSink(.path(path), opening: [], policy, room: room) { RecordFormat.ndjson.bytes($0, layout) }
  }

  /// What a line says: its source and status, and of a loss how much.
  private func said(_ client: Client, untilEnd: Bool = true) throws -> [String] {
    let lines = String(decoding: client.everything(untilEnd: untilEnd), as: UTF8.self).split(separator: "\n")
    return try lines.map { line in
      let source = try #require(line.firstMatch(of: #/"source":"([^"]*)"/#)?.1)
      let status = try #require(line.firstMatch(of: #/"status":"([^"]*)"/#)?.1)
      let dropped = try #require(line.firstMatch(of: #/"dropped":(\d+)/#)?.1)
      return status == "dropped" ? "\(source) lost \(dropped)" : "\(source)"
    }
  }

  @Test func liveAReaderThatIsBehindIsToldInTheStreamWhatItLostWhereItLostIt() throws {
    let wide = Samples.layout(dimensions: 512)
    let rows = { (source: String) in
      (0..<30).map { _ in Embedding(source: source, status: .ok, fused: [Float](repeating: 0.1, count: 1536)) }
    }
    let clients = Shared<[Client]>([])
    var sink = try lineSink(wide, room: 1 << 20, clients)
    let (slow, good) = (try Client(path), try Client(path))
    clients.update { $0 = [slow, good] }
    var given: [UInt8] = []
    func give(_ sources: String...) throws {
      let records = sources.flatMap(rows)
      let batch = RecordFormat.ndjson.bytes(records, wide)
      given += batch
      try sink.write(batch, of: records)
      try sink.attend()
      good.drain()
    }
    while sink.counters["records_dropped"] == 0 { try give("a") }
    try give("b", "a")
    let lost = sink.counters["records_dropped"]
    for _ in 0..<100 {  // it takes all that waits
      slow.drain()
      try sink.attend()
    }
    try give("c")
    try sink.finish([])
    let words = try said(slow)
    let kept = given.split(separator: UInt8(ascii: "\n")).count - Int(lost)
    #expect(words.filter { !$0.contains("lost") }.count == kept)
    #expect(Array(words.suffix(32)) == ["a lost 60", "b lost 30"] + Array(repeating: "c", count: 30))
    #expect(good.everything() == given, "whoever keeps up reads the same as ever")
  }

  @Test func whatALiveReaderLostLastIsToldBeforeTheEnd() throws {
    let wide = Samples.layout(dimensions: 512)
    let clients = Shared<[Client]>([])
    var sink = try lineSink(wide, room: 1 << 16, clients)
    let slow = try Client(path)
    clients.update { $0 = [slow] }
    let record = Embedding(source: "a", status: .ok, fused: [Float](repeating: 0.1, count: 1536))
    while sink.counters["records_dropped"] < 3 {
      try sink.write(RecordFormat.ndjson.bytes([record], wide), of: [record])
    }
    try sink.finish([])
    #expect(try said(slow).last == "a lost 3")
  }

  @Test func lossesOfMoreSourcesThanCanBeNamedAreStillCounted() {
    var losses = RecordLosses()
    #expect(losses.isEmpty)
    for n in 0..<1000 { losses.add([Embedding(source: "\(n)", status: .ok), Embedding(source: "0", status: .ok)]) }
    #expect(losses.rows.count == 257 && losses.rows.reduce(0) { $0 + $1.dropped } == 2000)
    #expect(losses.rows[0].source == "0" && losses.rows[0].dropped == 1001)
    #expect(losses.rows[256].source.isEmpty && losses.rows.allSatisfy { $0.status == .dropped })
  }

  @Test func liveAReaderThatMakesRoomAgainIsKept() throws {
    let time = Shared(Duration.zero)
    var sink = try liveSink(time)
    let slow = try Client(path)
    let batch = [UInt8](repeating: 7, count: 1 << 15)
    for _ in 0..<20 { try sink.write(batch, of: Samples.records(1, layout)) }
    #expect(sink.counters["batches_dropped"] > 0)
    slow.drain()
    try sink.attend()
    time.update { $0 = SocketSink.fullness }
    try sink.attend()
    #expect(sink.counters["readers_dropped"] == 0)
  }

  @Test(arguments: [true, false])
  func moreReadersThanMayBeAreTurnedAway(isLive: Bool) throws {
    var sink = try SocketSink(.path(path), opening: [1, 2, 3], ReaderPolicy(isLive: isLive), readers: 2) { _ in [] }
    var clients = try (0..<2).map { _ in try Client(path) }
    try sink.attend()
    let third = try Client(path)
    try sink.attend()
    #expect(third.everything().isEmpty)
    #expect(sink.counters["readers"] == 2 && sink.counters["readers_refused"] == 1)
    clients.removeLast()
    try sink.attend()
    let fourth = try Client(path)
    try sink.attend()
    #expect(fourth.everything(untilEnd: false) == [1, 2, 3])
    #expect(clients[0].everything(untilEnd: false) == [1, 2, 3])
  }

  @Test func liveAReaderThatTricklesDoesNotHoldUpTheEnd() throws {
    let trickle = Shared<Client?>(nil)
    let time = Shared(Duration.zero)
    let policy = ReaderPolicy(
      isLive: true, now: { time.value },
      isCancelled: {  // asked once in every turn
        time.update { $0 += .seconds(1) }
        trickle.value?.take(1 << 13)
        return time.value > .seconds(100)
      })
    var sink = try SocketSink(.path(path), opening: [1, 2, 3], policy) { _ in [] }
    trickle.update { $0 = try? Client(path) }
    for _ in 0..<40 { try sink.write([UInt8](repeating: 7, count: 1 << 16), of: Samples.records(1, layout)) }
    try sink.finish([4])
    #expect(time.value >= policy.patience && time.value <= policy.patience + .seconds(2))
    #expect(sink.counters["readers_dropped"] == 1)
  }

  @Test func theSocketIsForItsOwnerOnly() throws {
    let emitter = try Emitter.open(.socket(path), format: .arrow, layout: layout)
    var status = stat()
    #expect(unsafe lstat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(emitter.counters["readers"] == 0)
  }

  @Test func aStaleSocketIsReplaced() throws {
    do {
      var stale = try Descriptor.socket()
      try stale.bind(try #require(UnixPath(path)))
      try stale.close()
    }
    #expect(exists(path))
    let emitter = try Emitter.open(.socket(path), format: .arrow, layout: layout)
    _ = try Client(path)
    #expect(emitter.counters["records"] == 0)
  }

  @Test func aLiveSocketIsLeftAlone() throws {
    let emitter = try Emitter.open(.socket(path), format: .arrow, layout: layout)
    let error = failure { () throws(EmitError) in _ = try Emitter.open(.socket(path), format: .arrow, layout: layout) }
    #expect(error == .inputOutput("listen \(path): another process serves there"))
    #expect(exists(path))
    #expect(emitter.counters["readers"] == 0)
  }

  @Test func aFileThatIsNoSocketIsLeftAlone() throws {
    try write([1, 2, 3], to: path)
    let error = failure { () throws(EmitError) in _ = try Emitter.open(.socket(path), format: .arrow, layout: layout) }
    #expect(error == .cannotCreate("listen \(path): File exists"))
    #expect(contents(path) == [1, 2, 3])
  }

  @Test(arguments: ["", String(repeating: "x", count: 108), "a\u{0}b"])
  func aPathThatIsNoAddressIsAUsageError(path: String) {
    let error = failure { () throws(EmitError) in _ = try Emitter.open(.socket(path), format: .arrow, layout: layout) }
    #expect(error?.exitCode == 64)
  }
}

/// One who connects and reads when told to.
private final class Client: Sendable {
  private let descriptor: Descriptor
  private let received = Mutex<[UInt8]>([])

  init(_ path: String) throws {
    descriptor = try Descriptor.socket()
    try descriptor.connect(try #require(UnixPath(path)))
  }

  /// Takes what is there; false at the stream's end.
  @discardableResult
  func drain() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe recv(descriptor.number, &chunk, chunk.count, 0)
      if count <= 0 { return count != 0 }
      received.withLock { $0 += chunk[..<count] }
    }
  }

  /// Takes so many bytes at most.
  func take(_ limit: Int) {
    var chunk = [UInt8](repeating: 0, count: limit)
    let count = unsafe recv(descriptor.number, &chunk, limit, 0)
    if count > 0 { received.withLock { $0 += chunk[..<count] } }
  }

  /// All that was sent so far; the sender has closed unless told otherwise.
  func everything(untilEnd: Bool = true) -> [UInt8] {
    #expect(drain() != untilEnd)
    return received.withLock { $0 }
  }
}

/// A value that closures share.
private final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }

  /// The value after the change.
  @discardableResult
  func update(_ change: (inout Value) -> Void) -> Value {
    state.withLock {
      change(&$0)
      return $0
    }
  }
}
