package import Dispatch
import Synchronization
import System

/// A bounded hand-off between two stages. `send` waits while full: that wait is the backpressure.
/// Bounded by weight as well as by count; one element heavier than the whole bound still passes alone.
package final class Channel<Element: Sendable>: Sendable {
  private struct State {
    var waiting: [(element: Element, weight: Int)] = []
    var weight = 0
    var isClosed = false
    var isSenderWaiting = false
    var isReceiverWaiting = false
  }

  private let state = Mutex(State())
  private let room = DispatchSemaphore(value: 0)
  private let ready = Semaphore()
  private let capacity: Int
  private let weightLimit: Int
  private let weigh: @Sendable (Element) -> Int

  /// - Parameters:
  ///   - capacity: most elements under way.
  ///   - weightLimit: most weight under way, in the unit of `weigh`.
  package init(capacity: Int, weightLimit: Int = .max, weigh: @escaping @Sendable (Element) -> Int = { _ in 0 }) {
    self.capacity = capacity
    self.weightLimit = weightLimit
    self.weigh = weigh
  }

  /// False once closed: nobody downstream wants more. One sender at a time.
  package func send(_ element: Element) -> Bool {
    let weight = weigh(element)
    while true {
      let outcome = state.withLock { state -> Bool? in
        if state.isClosed { return false }
        let fits = state.waiting.isEmpty || (state.waiting.count < capacity && state.weight + weight <= weightLimit)
        guard fits else {
          state.isSenderWaiting = true
          return nil
        }
        state.waiting.append((element, weight))
        state.weight += weight
        if state.isReceiverWaiting {
          state.isReceiverWaiting = false
          ready.signal()
        }
        return true
      }
      if let outcome { return outcome }
      room.wait()
    }
  }

  /// The next element, waiting for it until `timeout`; `closed` once closed and drained. One receiver at a time.
  package func receive(timeout: DispatchTime = .distantFuture) -> Received<Element> {
    while true {
      let outcome = state.withLock { state -> Received<Element>? in
        guard !state.waiting.isEmpty else {
          if state.isClosed { return .closed }
          state.isReceiverWaiting = true
          return nil
        }
        let (element, weight) = state.waiting.removeFirst()
        state.weight -= weight
        if state.isSenderWaiting {
          state.isSenderWaiting = false
          room.signal()
        }
        return .element(element)
      }
      if let outcome { return outcome }
      if !ready.wait(until: timeout) {
        // A signal that came between counts: the next receive finds its element without waiting.
        state.withLock { $0.isReceiverWaiting = false }
        return .timedOut
      }
    }
  }

  /// Of what is under way.
  package var weight: Int { state.withLock { $0.weight } }

  /// From upstream: no more is coming. From downstream: no more is wanted. Both are this.
  package func close() {
    state.withLock { state in
      state.isClosed = true
      if state.isReceiverWaiting {
        state.isReceiverWaiting = false
        ready.signal()
      }
      if state.isSenderWaiting {
        state.isSenderWaiting = false
        room.signal()
      }
    }
  }
}

/// What `Channel.receive` found.
package enum Received<Element: Sendable>: Sendable {
  case element(Element)
  case timedOut
  case closed
}
