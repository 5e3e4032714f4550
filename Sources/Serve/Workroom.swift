import NIOCore
import NIOPosix
import Synchronization
import System

/// Where work is done that may wait for something: on a thread of its own, so that those who serve all clients never
/// wait for what one of them wants. So many at a time; who comes when all are at work is told so.
package final class Workroom: Sendable {
  private let limit: Int
  private let patience: Duration?
  private let busy = Mutex(0)

  /// - Parameter patience: how long a client waits; nil: until it is done. The work itself is never broken off.
  init(limit: Int, patience: Duration? = nil) {
    self.limit = limit
    self.patience = patience
  }

  /// What `work` gives.
  /// - Throws: `FaceError.unavailable`, where too many are at work or it takes too long.
  func run<Value: Sendable>(
    on loop: any EventLoop, _ work: @escaping @Sendable () -> Value
  ) async throws(FaceError) -> Value {
    let hasRoom = busy.withLock { busy in
      guard busy < limit else { return false }
      busy += 1
      return true
    }
    guard hasRoom else { throw .unavailable("\(limit) others wait for the like already") }
    let done = loop.makePromise(of: Result<Value, FaceError>.self)
    do {
      try startThread { [self] in
        let value = work()
        busy.withLock { $0 -= 1 }
        done.succeed(.success(value))
      }
    } catch {
      busy.withLock { $0 -= 1 }
      done.succeed(.failure(.unavailable("there is no thread for it: \(error)")))
    }
    let alarm = patience.map { patience in
      loop.scheduleTask(in: TimeAmount(patience)) {
        done.succeed(.failure(.unavailable("it takes longer than \(patience)")))
      }
    }
    defer { alarm?.cancel() }
    do { return try await done.futureResult.get().get() } catch let error as FaceError { throw error } catch {
      throw .unavailable("\(error)")
    }
  }

  /// What `work` gives, which reads files: on one of a few threads that all of the process share, in turn.
  package static func read<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      NIOThreadPool.singleton.submit { _ in continuation.resume(returning: work()) }
    }
  }
}

/// Of one server.
struct Workrooms: Sendable {
  let changes: Workroom
  let pictures: Workroom

  init(_ limits: ServeLimits) {
    changes = Workroom(limit: limits.changes)
    pictures = Workroom(limit: limits.pictures, patience: limits.picturePatience)
  }
}
