import System

/// One who is connected to the socket, and what it has still to take.
struct SocketReader: Sendable {
  private let connection: Connection
  private var waiting: [[UInt8]] = []
  /// Bytes of the first waiting chunk that it has taken.
  private var taken = 0
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

  mutating func offer(_ chunk: [UInt8], now: Duration) {
    guard !chunk.isEmpty else { return }
    if waiting.isEmpty { lastTaken = now }
    waiting.append(chunk)
    waitingBytes += chunk.count
  }

  /// Starts its patience anew.
  mutating func pardon(now: Duration) { lastTaken = now }

  /// Gives it as much as it takes just now.
  mutating func serve(now: Duration) throws(Errno) {
    while let chunk = waiting.first {
      let count = try connection.descriptor.send(chunk, from: taken)
      if count == 0 { return }
      lastTaken = now
      taken += count
      waitingBytes -= count
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
