import Dispatch
import Synchronization

/// The only place of this room that knows of threads: one piece of work is cut and awaited, nothing outlives the call.
/// The libraries below are kept to one thread each, so that no pool of theirs spins beside ours.
extension Engine {
  /// Cuts `count` equal pieces of work, each of about `cost` nanoseconds, into one run for each thread. Work too small
  /// to repay waking a thread is not cut.
  func perform(_ count: Int, cost: Int, _ work: (Range<Int>) -> Void) {
    let worth = count * cost / Self.worthAThread
    let workers = min(threads, count, max(1, worth))
    guard workers > 1 else { return work(0..<count) }
    withoutActuallyEscaping(work) { work in
      withUnsafePointer(to: work) { place in
        // Dispatch wants a closure that may be sent; ours writes through pointers, each run to places of its own.
        let address = UInt(bitPattern: place)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
          let work = UnsafePointer<(Range<Int>) -> Void>(bitPattern: address)!.pointee
          work(count * worker / workers..<count * (worker + 1) / workers)
        }
      }
    }
  }

  /// The same for work that may fail: the first failure is thrown when all runs have ended.
  func perform(_ count: Int, cost: Int, _ work: (Range<Int>) throws(LinearError) -> Void) throws(LinearError) {
    let failure = Mutex<LinearError?>(nil)
    perform(count, cost: cost) { range in
      do throws(LinearError) { try work(range) } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Waking a thread takes about ten thousand nanoseconds.
  private static let worthAThread = 20_000
}
