import Dispatch
import Emit
import Flow
import Media
import Serve
import Store
import Supervise
import Synchronization
import System

/// Records of one source on their way out.
struct Delivery: Sendable {
  var status: SourceStatus
  var records: [Embedding]
  /// The source, a recorded one, has been read to its end.
  var isLast: Bool
}

/// Where all records leave: one thread that writes each batch to the store, gives it to all readers at once, and makes
/// it durable within the group commit's time. A disk that is full or broken holds it up; the sources feel that.
final class RecordDesk: Sendable {
  struct Setting: Sendable {
    /// Longest time between a record and its being safe on disk.
    var sync: Duration
    /// Longest time that records wait to share a batch, while more of them come.
    var gather: Duration
    /// Most records in a batch.
    var batch = 64
  }

  private struct Arrival: Sendable {
    let delivery: Delivery
    let arrived: Duration
    /// When its stages gave it.
    let given: Duration
  }

  private let layout: RecordLayout
  private let store: RecordStore
  private let setting: Setting
  private let clock: Clock
  private let socket: Mutex<SocketSink>
  private let arrivals = Channel<Arrival>(capacity: 256) { $0.delivery.records.count }
  private let feeds = Mutex<[LiveFeed]>([])
  /// Why nothing can be stored just now.
  private let alarm = Mutex<String?>(nil)
  private let errand = Errand()
  private let lastMoment = Mutex<Duration?>(nil)
  private let counters = Mutex(Counters())
  /// From the stages' giving a record to its way out, and of a sync with all its tries.
  let (writes, syncs) = (LatencyHistogram(), LatencyHistogram())
  private let onFinished: @Sendable (String, () -> Void) -> Void
  private let onRefused: @Sendable (String) -> Void

  /// - Parameters:
  ///   - onFinished: told when the last record of a recorded source is durable; calls its second parameter where nothing
  ///     more will ever come of it.
  ///   - onRefused: told instead where the store would not take all of it.
  init(
    _ layout: RecordLayout, _ store: RecordStore, _ socket: consuming SocketSink, _ setting: Setting, _ clock: Clock,
    onFinished: @escaping @Sendable (String, () -> Void) -> Void, onRefused: @escaping @Sendable (String) -> Void
  ) {
    self.layout = layout
    self.store = store
    self.socket = Mutex(socket)
    self.setting = setting
    self.clock = clock
    self.onFinished = onFinished
    self.onRefused = onRefused
  }

  // MARK: For the sources

  /// The last record of a source that is stored.
  func last(of source: String) -> Embedding.Place? {
    store.last(of: source).map { Embedding.Place(epoch: $0.epoch, window: $0.window, interval: Interval(.zero, .zero)) }
  }

  /// Whether a record of the source is kept, durably. Never waits for the disk.
  func knows(_ source: String) -> Bool { store.knows(source) }

  /// An epoch that no record carries yet; it is on the disk when this returns.
  func reserveEpoch(of source: String, atLeast minimum: Int32) throws -> Int32 {
    try store.reserveEpoch(of: source, atLeast: minimum)
  }

  /// No record that the store knows of carries it, or any beyond.
  func nextEpoch(of source: String) -> Int32 { store.nextEpoch(of: source) }

  /// Nothing more will come of a source: the store need not know its name any more.
  func forget(_ source: String) { store.forget(source) }

  /// Waits while the desk is behind.
  func deliver(_ delivery: Delivery, arrived: Duration) {
    _ = arrivals.send(Arrival(delivery: delivery, arrived: arrived, given: clock.now()))
  }

  /// Nothing more is taken in; what waits is still written, as far as that is possible within this time.
  func close(within patience: Duration) {
    lastMoment.withLock { $0 = clock.now() + patience }
    arrivals.close()
  }

  // MARK: For those who read

  func subscribe(_ feed: LiveFeed) { feeds.withLock { $0.append(feed) } }
  func unsubscribe(_ feed: LiveFeed) { feeds.withLock { $0.removeAll { $0 === feed } } }
  /// Why nothing is stored just now, or would not be if it came.
  var obstacle: String? {
    if let known = alarm.withLock({ $0 }) { return known }
    guard let room = store.room, room.free <= room.reserve else { return nil }
    return "\(room.free) bytes left on the disk, of which \(room.reserve) are kept free"
  }
  var room: StoreRoom? { store.room }
  /// Names that the store knows.
  var sourceCount: Int { store.sourceCount }
  /// There from the start: an alarm sees a counter grow only where there was one before.
  private static let alarming = [
    "records_refused", "files_refused", "store_damaged_records", "store_damaged_segments", "store_damaged_journals",
  ]
  var storeCounters: Counters {
    var all = store.counters
    all.add(counters.withLock { $0 })
    for name in Self.alarming { all.add(name, 0) }
    return all
  }
  /// Records that wait to be written.
  var waiting: Int { arrivals.weight }
  /// Bytes that wait for each reader, of the socket and over HTTP.
  var socketWaiting: [Int] { socket.withLock { $0.waiting } }
  var feedWaiting: [Int] { feeds.withLock { $0 }.map(\.waitingBytes) }
  var socketCounters: Counters { socket.withLock { $0.counters } }
  var durable: Position { store.durable }
  func change(_ limits: StoreLimits) { store.change(limits) }
  func reader(from position: Position?) -> StoreReader { store.reader(from: position) }

  // MARK: The thread

  /// - Throws: where the system gives no thread.
  func start(_ pulse: Pulses.Pulse) throws(Errno) {
    try errand.start { [self] in
      work(pulse)
      pulse.end()
    }
  }

  /// Whether all is written, or given up, by then; waits for it.
  func hasEnded(by deadline: DispatchTime) -> Bool { errand.hasEnded(by: deadline) }

  /// Works until the desk is closed and all is durable.
  private func work(_ pulse: Pulses.Pulse) {
    var turn = DeskTurn(layout)
    var isOpen = true
    while isOpen {
      pulse.beat(within: .seconds(60))
      switch arrivals.receive(timeout: .now() + wait(turn)) {
      case .element(let arrival):
        take(arrival, &turn)
        let last = clock.now() + setting.gather
        while turn.count < setting.batch, clock.now() < last,
          case .element(let more) = arrivals.receive(timeout: .now())
        {
          take(more, &turn)
        }
        write(&turn, pulse)
      case .timedOut:
        socket.withLock { try? $0.attend() }
        if turn.isClean { attendToStore(pulse) }
      case .closed: isOpen = false
      }
      if turn.isDue(clock.now(), setting.sync) { sync(&turn, pulse) }
    }
    sync(&turn, pulse)
    attendToStore(pulse)
    if turn.unsyncedCount > 0 { Messages.warning("records: \(turn.unsyncedCount) could not be stored before the end") }
    for feed in feeds.withLock({ $0 }) { feed.finish() }
    socket.withLock { try? $0.finish(turn.closing) }
  }

  private func wait(_ turn: borrowing DeskTurn) -> DispatchTimeInterval {
    turn.isClean ? .milliseconds(50) : .milliseconds(5)
  }

  private func take(_ arrival: Arrival, _ turn: inout DeskTurn) {
    count("records_taken", arrival.delivery.records.count)
    turn.add(arrival.delivery, arrived: arrival.arrived, given: arrival.given)
  }

  private func count(_ name: String, _ count: Int) {
    if count > 0 { counters.withLock { $0.add(name, Int64(count)) } }
  }

  /// Stores what has been gathered and gives it to all who read.
  private func write(_ turn: inout DeskTurn, _ pulse: Pulses.Pulse) {
    while !turn.isEmpty {
      pulse.beat(within: .seconds(60))
      let known = turn.makeBatch(setting.batch, clock.now(), last: { [store] in store.last(of: $0) })
      count("records_stored_before", known)
      if retry(pulse, { () throws(StoreError) in try turn.append(to: store) }) { give(&turn) }
    }
  }

  /// Gives what is stored, and tells what could not be.
  private func give(_ turn: inout DeskTurn) {
    let refusals = turn.takeRefusals()
    count("records_refused", refusals.count)
    for (name, why) in refusals.sources { Messages.error("records: of \(name) some are refused: \(why)") }
    for batch in turn.takeNew() {
      guard let end = batch.end else { continue }
      socket.withLock { try? $0.write(batch.bytes, of: batch.records) }
      let shared = RecordBatch(position: "\(end)", arrow: batch.bytes, records: batch.records)
      for feed in feeds.withLock({ $0 }) { feed.offer(shared) }
      let now = clock.now()
      for origin in batch.origins {
        writes.add(now - origin.given)
        origin.status.note(latency: now - origin.arrived)
        origin.status.settle(isTaken: true)
      }
    }
  }

  /// Makes all that was written durable, and says of whom that was the last.
  private func sync(_ turn: inout DeskTurn, _ pulse: Pulses.Pulse) {
    guard !turn.isClean else { return }
    let begin = clock.now()
    guard retry(pulse, { () throws(StoreError) in try turn.sync(store) }) else { return }
    syncs.add(clock.now() - begin)
    give(&turn)
    for finish in turn.settle() {
      if finish.isWhole {
        onFinished(finish.source) { store.forget(finish.source) }
      } else {
        count("files_refused", 1)
        Messages.error("records: \(finish.source) is not stored whole: after a restart it is read again")
        onRefused(finish.source)
      }
    }
  }

  /// What otherwise goes with the next records, while none come: a look at the disk, names that are forgotten, and
  /// segments that have grown old.
  private func attendToStore(_ pulse: Pulses.Pulse) {
    let problem: String?
    do throws(StoreError) {
      try store.lookAtRoom()
      problem = nil
    } catch { problem = "\(error)" }
    alarm.withLock { $0 = problem }
    guard !store.isClean else { return }
    _ = retry(pulse) { () throws(StoreError) in _ = try store.sync() }
  }

  /// Until it succeeds: nothing is lost while nothing is taken, and what is in the way is told meanwhile. False where
  /// the daemon has to end: what is not durable was not acknowledged.
  private func retry(_ pulse: Pulses.Pulse, _ work: () throws(StoreError) -> Void) -> Bool {
    while true {
      do throws(StoreError) {
        try work()
        alarm.withLock { $0 = nil }
        return true
      } catch {
        let isNew = alarm.withLock { known in
          defer { known = "\(error)" }
          return known == nil
        }
        if isNew { Messages.warning("records: \(error); trying again") }
        if let end = lastMoment.withLock({ $0 }), clock.now() >= end { return false }
        pulse.beat(within: .seconds(60))
        socket.withLock { try? $0.attend() }
        clock.sleep(.milliseconds(500))
      }
    }
  }
}
