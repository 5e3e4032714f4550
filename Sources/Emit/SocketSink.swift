import Glibc
import Media
import System

/// A Unix socket with any number of readers, served in turn from the caller's thread: each gets the stream's opening,
/// then every batch from the one under way when it came.
///
/// From files, the first batch waits for the first reader and every batch for the slowest; a reader that takes nothing
/// for the policy's patience is dropped and counted. Batches that come when all have left are counted, not kept. Live,
/// nothing waits: a reader that is `backlogLimit` batches behind loses whole batches, counted.
struct SocketSink: ~Copyable, Sendable {
  static let backlogLimit = 64
  static let readerLimit = 64

  /// `readers`, `readers_left`, `readers_dropped`, `batches_dropped`, `records_unread`.
  private(set) var counters = Counters()
  private let path: String
  private let opening: [UInt8]
  private let policy: ReaderPolicy
  private var listener: Listener
  private var readers: [SocketReader] = []
  /// Nobody is let in for now: the system has no descriptors left.
  private var isFull = false
  /// The batch under way: what a reader that comes now begins with.
  private var current: [UInt8] = []

  init(_ path: String, opening: [UInt8], _ policy: ReaderPolicy) throws(EmitError) {
    do throws(Listener.Refusal) { listener = try Listener.open(path) } catch { throw EmitError(error, at: path) }
    self.path = path
    self.opening = opening
    self.policy = policy
  }

  /// Gives one whole batch of so many records to every reader.
  mutating func write(_ batch: [UInt8], records: Int) throws(EmitError) {
    try attend()
    if !policy.isLive { try waitForFirstReader() }
    if readers.isEmpty { counters.add("records_unread", Int64(records)) }
    offer(batch)
    if policy.isLive { return try serve(milliseconds: 0) }
    current = batch
    defer { current = [] }
    try drain()
  }

  /// Serves those who wait, without waiting for any. One turn lets readers in, the next gives them the opening.
  mutating func attend() throws(EmitError) {
    isFull = false
    try serve(milliseconds: 0)
    try serve(milliseconds: 0)
  }

  /// Ends the stream for all and closes; nothing may follow.
  mutating func finish(_ closing: [UInt8]) throws(EmitError) {
    defer {
      readers = []
      listener.close()
    }
    try attend()
    let now = policy.now()
    for index in readers.indices {
      readers[index].pardon(now: now)
      readers[index].offer(closing, now: now)
    }
    current = closing
    try drain()
  }
}

extension SocketSink {
  private mutating func waitForFirstReader() throws(EmitError) {
    while counters["readers"] == 0 {
      if policy.isCancelled() { throw .cancelled("listen \(path): cancelled") }
      try serve(milliseconds: ReaderPolicy.glance)
    }
  }

  private mutating func offer(_ batch: [UInt8]) {
    let now = policy.now()
    for index in readers.indices {
      if policy.isLive && readers[index].backlog >= Self.backlogLimit {
        counters.add("batches_dropped")
      } else {
        readers[index].offer(batch, now: now)
      }
    }
  }

  /// Until every reader has taken all, or is dropped.
  private mutating func drain() throws(EmitError) {
    try serve(milliseconds: 0)
    while readers.contains(where: \.isWaiting) {
      if policy.isCancelled() { throw .cancelled("write \(path): cancelled") }
      try serve(milliseconds: ReaderPolicy.glance)
      dropStalled()
    }
  }

  private mutating func dropStalled() {
    let now = policy.now()
    let before = readers.count
    readers.removeAll { $0.isStalled(policy.patience, now: now) }
    if readers.count < before { counters.add("readers_dropped", Int64(before - readers.count)) }
  }

  /// One turn: waits at most so long for something to do, gives every reader what it takes, lets new ones in.
  private mutating func serve(milliseconds: Int32) throws(EmitError) {
    var interests = readers.map { pollfd(fd: $0.number, events: $0.isWaiting ? Int16(POLLOUT) : 0, revents: 0) }
    let listens = !isFull && readers.count < Self.readerLimit
    if listens { interests.append(pollfd(fd: listener.descriptor.number, events: Int16(POLLIN), revents: 0)) }
    do {
      guard try poll(&interests, milliseconds: milliseconds) > 0 else { return }
    } catch {
      throw .inputOutput("write \(path): \(error)")
    }
    let isKnocking = listens && interests.removeLast().revents != 0
    serveReaders(interests)
    if isKnocking { admit() }
  }

  /// interests: one per reader, in their order.
  private mutating func serveReaders(_ interests: [pollfd]) {
    let now = policy.now()
    for index in interests.indices.reversed() where interests[index].revents != 0 {
      do {
        guard Int32(interests[index].revents) & POLLOUT == POLLOUT else { throw Errno(code: EPIPE) }
        try readers[index].serve(now: now)
      } catch {
        readers.remove(at: index)
        counters.add("readers_left")
      }
    }
  }

  private mutating func admit() {
    let now = policy.now()
    while readers.count < Self.readerLimit {
      do {
        guard let connection = try listener.descriptor.accept() else { return }
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
