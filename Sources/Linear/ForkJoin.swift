import Synchronization

/// Work of a network is cut here and awaited: nothing outlives the call. The libraries below are kept to one thread
/// each, so that no pool of theirs spins beside ours.
extension Engine {
  /// Cuts `count` equal pieces of work, each of about `cost` nanoseconds, into one run for each thread. Work too small
  /// to repay a hand-over is not cut, nor is work inside work, nor that of a caller who finds the crew busy.
  func perform(_ count: Int, cost: Int, _ work: (Range<Int>) -> Void) {
    let workers = min(threads, count, max(1, count * cost / Self.worthAThread))
    guard workers > 1 else { return work(0..<count) }
    let isDone = crew.perform(workers) { worker in
      work(count * worker / workers..<count * (worker + 1) / workers)
    }
    if !isDone { work(0..<count) }
  }

  /// The same for work that may fail: the first failure is thrown when all runs have ended.
  func perform(_ count: Int, cost: Int, _ work: (Range<Int>) throws(LinearError) -> Void) throws(LinearError) {
    let failure = Mutex<LinearError?>(nil)
    perform(count, cost: cost) { range in
      do throws(LinearError) { try work(range) } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Threads take equal shares of `count` items through the whole of `work`, each with a state of its own, which is
  /// made when there are too few: for batches, where that needs fewer hand-overs than cutting every product.
  package func share<State, Failure: Error>(
    _ count: Int, among states: inout [State], make: () -> State,
    _ work: (inout State, Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    let workers = max(1, min(threads, count))
    while states.count < workers { states.append(make()) }
    let failure = Mutex<Failure?>(nil)
    states.withUnsafeMutableBufferPointer { states in
      let base = states.baseAddress!
      perform(workers, cost: Self.worthAThread) { shares in
        for share in shares {
          do throws(Failure) {
            try work(&base[share], count * share / workers..<count * (share + 1) / workers)
          } catch { failure.withLock { $0 = $0 ?? error } }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Nanoseconds of work that repay handing a part of it to a thread that waits for it.
  private static let worthAThread = 10_000
}
