import Media
import System

/// One who is connected to the socket, and what it has still to take.
struct SocketReader: Sendable {
  /// Bytes of one sending. The system has room again only when one is taken whole; with its head this one fits in two
  /// pages.
  private static let piece = 7680

  private let connection: Connection
  private var waiting: [[UInt8]] = []
  /// Bytes of the first waiting chunk that it has taken.
  private var taken = 0
  /// Since when it has lost what came, and how little has to wait before that would find room; nil: nothing is lost.
  private var full: (since: Duration, room: Int)?
  /// What it has lost and has not been told of.
  private var losses = RecordLosses()
  /// When it last took something, or was first offered something after having taken all.
  private var lastTaken: Duration

  init(_ descriptor: consuming Descriptor, opening: [UInt8], now: Duration) {
    connection = Connection(descriptor)
    lastTaken = now
    offer(opening, now: now)
  }

  var number: Int32 { connection.descriptor.number }
  var isWaiting: Bool { !waiting.isEmpty }
  /// Offered and not yet taken.
  private(set) var waitingBytes = 0

  func isStalled(_ patience: Duration, now: Duration) -> Bool { isWaiting && now - lastTaken >= patience }

  /// Whether nothing more has found room for so long.
  func isFull(_ patience: Duration, now: Duration) -> Bool { full.map { now - $0.since >= patience } ?? false }

  mutating func offer(_ chunk: [UInt8], now: Duration) {
    guard !chunk.isEmpty else { return }
    if waiting.isEmpty { lastTaken = now }
    waiting.append(chunk)
    waitingBytes += chunk.count
  }

  /// Offers a batch, and before it what was lost; false where that would be more than `room` with what waits: it loses
  /// the batch. One batch always fits.
  /// - Parameter telling: the bytes of rows that say what was lost.
  mutating func offer(
    _ batch: [UInt8], of records: [Embedding], room: Int, telling: ([Embedding]) -> [UInt8], now: Duration
  ) -> Bool {
    guard waitingBytes == 0 || waitingBytes + batch.count <= room else { return lose(batch, records, room, now) }
    let told = losses.isEmpty ? [] : telling(losses.rows)
    guard waitingBytes == 0 || waitingBytes + told.count + batch.count <= room else {
      return lose(batch, records, room, now)
    }
    losses = RecordLosses()
    offer(told, now: now)
    offer(batch, now: now)
    return true
  }

  private mutating func lose(_ batch: [UInt8], _ records: [Embedding], _ room: Int, _ now: Duration) -> Bool {
    losses.add(records)
    full = (full?.since ?? now, max(0, room - batch.count))
    return false
  }

  /// Says what was lost where no batch comes to say it before, once no more than so much waits.
  mutating func tell(ifWaiting most: Int, _ telling: ([Embedding]) -> [UInt8], now: Duration) {
    guard !losses.isEmpty, waitingBytes <= most else { return }
    offer(telling(losses.rows), now: now)
    losses = RecordLosses()
  }

  /// Starts its patience anew.
  mutating func pardon(now: Duration) { lastTaken = now }

  /// Gives it as much as it takes just now.
  mutating func serve(now: Duration) throws(Errno) {
    while let chunk = waiting.first {
      let count = try connection.descriptor.send(chunk, from: taken, limit: Self.piece)
      if count == 0 { return }
      lastTaken = now
      taken += count
      waitingBytes -= count
      if let full, waitingBytes <= full.room { self.full = nil }
      if taken == chunk.count {
        waiting.removeFirst()
        taken = 0
      }
    }
  }

  /// Lets readers stand in an array, which cannot hold what cannot be copied.
  private final class Connection: Sendable {
    let descriptor: Descriptor
    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
  }
}
