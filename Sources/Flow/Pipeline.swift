package import Dispatch
package import Media
import Synchronization

/// Runs stages on queues of their own and joins them with bounded channels: the only owner of threads and queues.
/// End, failure and cancellation are one path: every stage closes its channels when it leaves, whatever the reason.
package final class Pipeline: Sendable {
  private let running = DispatchGroup()
  private let failure = Mutex<(any Error)?>(nil)

  package init() {}

  /// A stage that only gives. `produce` returns when it has no more or `emit` says that nobody wants more.
  package func source<Output: Sendable>(
    _ name: String, into output: Channel<Output>,
    _ produce: @escaping @Sendable (_ emit: (Output) -> Bool) throws -> Void
  ) {
    run(name, closing: { output.close() }) { try produce(output.send) }
  }

  /// A stage that takes and gives. It is made on its own queue, so it may hold what is not Sendable.
  /// - Parameters:
  ///   - gathering: how many hand-overs it takes at once.
  ///   - observing: sees all that the stage gives, before it is handed on.
  package func stage<S: Stage & ~Copyable>(
    _ name: String, after input: Channel<[S.Input]>, capacity: Int = 8, gathering: Gathering = .one,
    observing: @escaping @Sendable ([S.Output]) -> Void = { _ in }, _ make: @escaping @Sendable () throws -> S
  ) -> Channel<[S.Output]> {
    let output = Channel<[S.Output]>(capacity: capacity)
    run(
      name,
      closing: {
        input.close(); output.close()
      }
    ) {
      var stage = try make()
      while let inputs = input.receive(gathering) {
        let outputs = try stage.accept(inputs)
        observing(outputs)
        guard outputs.isEmpty || output.send(outputs) else { return }
      }
      let last = try stage.finish()
      guard last.isEmpty || output.send(last) else { return }
    }
    return output
  }

  /// Gathers elements into batches; see `Batching`.
  package func batch<T: Sendable>(
    _ name: String, after input: Channel<[T]>, _ batching: @escaping @Sendable () -> Batching
  ) -> Channel<[T]> {
    let output = Channel<[T]>(capacity: 2)
    run(
      name,
      closing: {
        input.close(); output.close()
      }
    ) {
      var gathered: [T] = []
      var number = 0
      var deadline = DispatchTime.distantFuture
      func flush() -> Bool {
        defer { gathered = [] }
        deadline = .distantFuture
        number += 1
        return gathered.isEmpty || output.send(gathered)
      }
      while true {
        switch input.receive(timeout: deadline) {
        case .closed:
          _ = flush()
          return
        case .timedOut:
          guard flush() else { return }
        case .element(let elements):
          for element in elements {
            gathered.append(element)
            guard gathered.count < batching().size(of: number) || flush() else { return }
          }
          if let wait = batching().wait, !gathered.isEmpty { deadline = min(deadline, .now() + wait) }
        }
      }
    }
    return output
  }

  /// Work of its own rhythm that lasts as long as it likes; `wait` waits for it too.
  package func service(_ name: String, _ body: @escaping @Sendable () throws -> Void) { run(name, closing: {}, body) }

  /// A stage that only takes. `next` gives nil at the end, also when a stage before this one failed: `wait` tells.
  package func sink<Input: Sendable>(
    _ name: String, after input: Channel<Input>,
    _ body: @escaping @Sendable (_ next: () -> Input?) throws -> Void
  ) {
    run(name, closing: { input.close() }) {
      try body { if case .element(let next) = input.receive() { next } else { nil } }
    }
  }

  /// Returns when every stage has; throws the first failure.
  package func wait() throws {
    running.wait()
    try failure.withLock { error in if let error { throw error } }
  }

  private func run(
    _ name: String, closing close: @escaping @Sendable () -> Void, _ body: @escaping @Sendable () throws -> Void
  ) {
    DispatchQueue(label: name).async(group: running) { [self] in
      defer { close() }
      do { try body() } catch { failure.withLock { $0 = $0 ?? error } }
    }
  }
}

/// How large batches become, and how long an element may wait for its batch.
package enum Batching: Sendable {
  /// 1, 2, 4 … `max`: nobody waits, so the first comes at once and the rest in bulk.
  case doubling(max: Int)
  /// As many as come within the time.
  case within(DispatchTimeInterval, max: Int)

  func size(of number: Int) -> Int {
    switch self {
    case .doubling(let max): number < 62 ? min(max, 1 << number) : max
    case .within(_, let max): max
    }
  }

  var wait: DispatchTimeInterval? { if case .within(let time, _) = self { time } else { nil } }
}

/// How many hand-overs a stage takes at once: those that wait already, and those that come within a time.
package struct Gathering: Sendable {
  package var max: Int
  package var within: DispatchTimeInterval

  package init(max: Int, within: DispatchTimeInterval = .nanoseconds(0)) {
    self.max = max
    self.within = within
  }

  package static let one = Gathering(max: 1)
}

extension Channel {
  /// Nil once closed and drained.
  fileprivate func receive<T>(_ gathering: Gathering) -> [T]? where Element == [T] {
    guard case .element(var gathered) = receive() else { return nil }
    let deadline = DispatchTime.now() + gathering.within
    for _ in 1..<max(1, gathering.max) {
      guard case .element(let more) = receive(timeout: deadline) else { break }
      gathered += more
    }
    return gathered
  }
}
