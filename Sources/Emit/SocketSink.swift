package import Glibc
package import Media
import System

/// A Unix socket with any number of readers, served in turn from the caller's thread: each gets the stream's opening,
/// then every batch from the one under way when it came.
///
/// From files, the first batch waits for the first reader and every batch for the slowest; a reader that takes nothing
/// for the policy's patience is dropped and counted. Batches that come when all have left are counted, not kept. Live,
/// nothing waits: a reader for which more than `room` waits loses whole batches, counted, and is told so in the stream
/// by a row of status `dropped` for each source; one that leaves no room for longer than `fullness` is dropped. Whoever
/// comes when there are as many readers as may be is turned away.
package struct SocketSink: ~Copyable, Sendable {
  /// Where readers connect.
  package enum Place: Hashable, Sendable {
    /// A socket that is made, for its owner or as `mode` and `group` say.
    case path(String, mode: mode_t = 0o600, group: gid_t? = nil)
    /// One that listens already, by its descriptor; it is closed at the end.
    case inherited(Int32)
  }

  /// How long a reader may lose all that comes, live.
  package static let fullness = Duration.seconds(60)
  /// How many connections are taken from the queue in one turn.
  private static let turn = 64

  /// `readers`, `readers_left`, `readers_dropped`, `readers_refused`, `batches_dropped`, `records_dropped`,
  /// `records_unread`.
  package private(set) var counters = Counters()
  private let path: String
  private let opening: [UInt8]
  /// Most readers at once.
  private let readerLimit: Int
  /// Bytes that wait for one reader, live; one batch may always wait.
  private let room: Int
  /// Who may read, by user number; nil: whoever can connect.
  private let users: Set<UInt32>?
  private let policy: ReaderPolicy
  /// The bytes of rows, as a batch of their own.
  private let telling: @Sendable ([Embedding]) -> [UInt8]
  private var listener: Listener
  private var readers: [SocketReader] = []
  /// Nobody is let in for now: the system has no descriptors left.
  private var isFull = false
  /// The batch under way: what a reader that comes now begins with.
  private var current: [UInt8] = []

  /// - Parameters:
  ///   - readers: most of them at once.
  ///   - room: bytes that wait for one of them, live.
  ///   - users: who may read, by the numbers that the kernel names; nil: whoever can connect.
  ///   - telling: the bytes of rows, as a batch of the stream.
  package init(
    _ place: Place, opening: [UInt8], _ policy: ReaderPolicy, readers: Int = 64, room: Int = 4 << 20,
    users: Set<UInt32>? = nil, telling: @escaping @Sendable ([Embedding]) -> [UInt8]
  ) throws(EmitError) {
    switch place {
    case .path(let path, let mode, let group):
      do throws(Listener.Refusal) { listener = try Listener.open(path, mode: mode, group: group) } catch {
        throw EmitError(error, at: path)
      }
      self.path = path
    case .inherited(let number):
      do throws(Errno) { listener = try Listener.inherited(number) } catch {
        throw .cannotCreate("listen on descriptor \(number): \(error)")
      }
      path = "descriptor \(number)"
    }
    self.opening = opening
    self.policy = policy
    readerLimit = readers
    self.room = room
    self.users = users
    self.telling = telling
  }

  /// Gives one whole batch of these records to every reader.
  package mutating func write(_ batch: [UInt8], of records: [Embedding]) throws(EmitError) {
    try attend()
    if !policy.isLive { try waitForFirstReader() }
    if readers.isEmpty { counters.add("records_unread", Int64(records.count)) }
    offer(batch, of: records)
    if policy.isLive { return try serve(milliseconds: 0) }
    current = batch
    defer { current = [] }
    try drain()
  }

  /// Serves those who wait, without waiting for any. One turn lets readers in, the next gives them the opening.
  package mutating func attend() throws(EmitError) {
    isFull = false
    try serve(milliseconds: 0)
    try serve(milliseconds: 0)
    guard policy.isLive else { return }
    drop { $0.isFull(Self.fullness, now: $1) }
    let now = policy.now()
    for index in readers.indices { readers[index].tell(ifWaiting: room / 2, telling, now: now) }
  }

  /// Bytes that wait for each of the readers.
  package var waiting: [Int] { readers.map(\.waitingBytes) }

  /// Ends the stream for all and closes; nothing may follow. Live, that takes no longer than the policy's patience.
  package mutating func finish(_ closing: [UInt8]) throws(EmitError) {
    defer {
      readers = []
      listener.close()
    }
    try attend()
    let now = policy.now()
    for index in readers.indices {
      readers[index].pardon(now: now)
      readers[index].tell(ifWaiting: .max, telling, now: now)
      readers[index].offer(closing, now: now)
    }
    current = closing
    try drain(until: policy.isLive ? now + policy.patience : nil)
  }
}

extension SocketSink {
  private mutating func waitForFirstReader() throws(EmitError) {
    while counters["readers"] == 0 {
      if policy.isCancelled() { throw .cancelled("listen \(path): cancelled") }
      try serve(milliseconds: ReaderPolicy.glance)
    }
  }

  private mutating func offer(_ batch: [UInt8], of records: [Embedding]) {
    let (now, room) = (policy.now(), policy.isLive ? room : .max)
    for index in readers.indices
    where !readers[index].offer(batch, of: records, room: room, telling: telling, now: now) {
      counters.add("batches_dropped")
      counters.add("records_dropped", Int64(records.count))
    }
  }

  /// Until every reader has taken all, or is dropped: at `end` all that have not.
  private mutating func drain(until end: Duration? = nil) throws(EmitError) {
    try serve(milliseconds: 0)
    while readers.contains(where: \.isWaiting) {
      if policy.isCancelled() { throw .cancelled("write \(path): cancelled") }
      try serve(milliseconds: ReaderPolicy.glance)
      let patience = policy.patience
      drop { reader, now in reader.isStalled(patience, now: now) || end.map { now >= $0 && reader.isWaiting } ?? false }
    }
  }

  private mutating func drop(_ isLost: (SocketReader, Duration) -> Bool) {
    let now = policy.now()
    let before = readers.count
    readers.removeAll { isLost($0, now) }
    if readers.count < before { counters.add("readers_dropped", Int64(before - readers.count)) }
  }

  /// One turn: waits at most so long for something to do, gives every reader what it takes, lets new ones in.
  private mutating func serve(milliseconds: Int32) throws(EmitError) {
    var interests = readers.map { pollfd(fd: $0.number, events: $0.isWaiting ? Int16(POLLOUT) : 0, revents: 0) }
    let listens = !isFull
    if listens { interests.append(pollfd(fd: listener.descriptor.number, events: Int16(POLLIN), revents: 0)) }
    do { _ = try poll(&interests, milliseconds: milliseconds) } catch {
      throw .inputOutput("write \(path): \(error)")
    }
    let isKnocking = listens && interests.removeLast().revents != 0
    serveReaders(interests)
    if isKnocking { admit() }
  }

  /// Whoever waits is offered more even where `poll` sees no room: it does so only when most of what was sent has been
  /// taken, which may take a slow reader longer than the patience.
  /// - Parameter interests: one per reader, in their order.
  private mutating func serveReaders(_ interests: [pollfd]) {
    let now = policy.now()
    for index in interests.indices.reversed() where interests[index].revents != 0 || readers[index].isWaiting {
      do {
        guard Int32(interests[index].revents) & ~POLLOUT == 0 else { throw Errno(code: EPIPE) }
        try readers[index].serve(now: now)
      } catch {
        readers.remove(at: index)
        counters.add("readers_left")
      }
    }
  }

  private mutating func admit() {
    let now = policy.now()
    for _ in 0..<Self.turn {
      do {
        guard let connection = try listener.descriptor.accept() else { return }
        let isUnknown = try users.map { !$0.contains(try connection.peer()) } ?? false
        if isUnknown || readers.count >= readerLimit {
          counters.add("readers_refused")
          continue
        }
        counters.add("readers")
        readers.append(SocketReader(connection, opening: opening, now: now))
        readers[readers.count - 1].offer(current, now: now)
      } catch {  // no descriptors or memory left: they wait in the queue until the next batch
        isFull = true
        return
      }
    }
  }
}

extension EmitError {
  fileprivate init(_ refusal: Listener.Refusal, at path: String) {
    let line = "listen \(path): \(refusal)"
    self =
      switch refusal {
      case .path: .usage(line)
      case .isServed: .inputOutput(line)
      case .system: .cannotCreate(line)
      }
  }
}
