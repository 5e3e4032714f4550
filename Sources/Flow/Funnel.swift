package import Dispatch
import Synchronization
import System

/// Many senders, one receiver. Each sender has a lane with a bound in weight of its own, and all lanes together have
/// one. A lane that is full either waits or sheds.
package final class Funnel<Element: Sendable>: Sendable {
  /// What came from one lane, oldest first.
  package struct Delivery: Sendable {
    package let lane: Int
    package let elements: [Element]
    /// Nothing will come from this lane any more.
    package let isLast: Bool
  }

  private struct Waiting {
    /// Wakes the sender, who waits for room.
    let room: DispatchSemaphore
    /// Nil: its sender waits.
    var shedding: (any Shedding<Element>)?
    var elements: [Element] = []
    var weight = 0
    var isSenderWaiting = false
    var mayWait = true
    /// Nothing more is taken: the lane goes when it is empty.
    var isClosing = false

    /// What is to be kept of one that comes.
    mutating func admit(_ element: Element) -> Element? { shedding == nil ? element : shedding?.admit(element) }

    /// What stays where no more than so much may; nil: it does not shed.
    mutating func shed(to limit: Int) -> [Element]? {
      shedding?.shed(elements, soft: min(weight / 2, limit), hard: limit)
    }
  }

  private struct State {
    var lanes: [Int: Waiting] = [:]
    /// Lanes with something to give, in the order in which they began to wait.
    var order: [Int] = []
    /// Lanes that ended with nothing to give.
    var gone: [Int] = []
    var weight = 0
    var isReceiverWaiting = false
    var isClosed = false

    var isEmpty: Bool { order.isEmpty && gone.isEmpty }
  }

  private let state = Mutex(State())
  private let ready = Semaphore()
  private let limit: Int
  private let weigh: @Sendable (Element) -> Int

  /// - Parameter limit: of the weight of all lanes.
  package init(limit: Int, weigh: @escaping @Sendable (Element) -> Int) {
    self.limit = limit
    self.weigh = weigh
  }

  /// One sender's way in. `send` is for one thread.
  package final class Lane: Sendable {
    package let number: Int
    private let funnel: Funnel
    private let limit: Int
    private let room: DispatchSemaphore

    fileprivate init(_ number: Int, _ funnel: Funnel, limit: Int, _ room: DispatchSemaphore) {
      (self.number, self.funnel, self.limit, self.room) = (number, funnel, limit, room)
    }

    /// - Parameter evenIfFull: for what is light and must get through.
    /// - Returns: false once the lane or the funnel is closed, and where there is no room and no waiting any more.
    package func send(_ element: Element, evenIfFull: Bool = false) -> Bool {
      while true {
        switch funnel.offer(element, number, limit: evenIfFull ? .max : limit) {
        case .taken: return true
        case .closed: return false
        case .full: room.wait()
        }
      }
    }

    /// From now on, and just now, its sender does not wait for room. For any thread.
    package func stopWaiting() { funnel.stopWaiting(number) }

    /// Weight of what waits in it.
    package var weight: Int { funnel.state.withLock { $0.lanes[number]?.weight ?? 0 } }

    /// Nothing more is taken; what waits is still delivered unless it is to be forgotten.
    package func close(forgetting: Bool = false) { funnel.close(number, forgetting: forgetting) }
  }

  /// A new lane; its number has not been another's that is still open.
  /// - Parameter shedding: what it does where it is full; nil: its sender waits.
  package func open(_ number: Int, limit: Int, _ shedding: (any Shedding<Element>)? = nil) -> Lane {
    let room = DispatchSemaphore(value: 0)
    state.withLock { $0.lanes[number] = Waiting(room: room, shedding: shedding) }
    return Lane(number, self, limit: limit, room)
  }

  /// What waits, up to a weight of `most` and at least something; nil where nothing came in time or the funnel is
  /// closed and empty. Lanes are served in turn, and each ends with a delivery that is its last.
  package func receive(most: Int, timeout: DispatchTime) -> [Delivery]? {
    while true {
      let taken = state.withLock { state -> [Delivery]? in
        if state.isEmpty, !state.isClosed {
          state.isReceiverWaiting = true
          return nil
        }
        return take(most, &state)
      }
      if let taken { return taken.isEmpty ? nil : taken }
      if !ready.wait(until: timeout) {
        state.withLock { $0.isReceiverWaiting = false }
        return nil
      }
    }
  }

  /// Weight of all that waits.
  package var weight: Int { state.withLock { $0.weight } }

  /// Closed, and all of it delivered.
  package var isFinished: Bool { state.withLock { $0.isClosed && $0.isEmpty } }

  /// Nothing more is taken in; what waits is still delivered.
  package func close() {
    state.withLock { state in
      state.isClosed = true
      wakeReceiver(&state)
      wakeSenders(&state)
    }
  }

  private enum Offered { case taken, full, closed }

  private func offer(_ element: Element, _ number: Int, limit laneLimit: Int) -> Offered {
    let (outcome, wakes) = state.withLock { state -> (Offered, Bool) in
      // Taken out, so that nothing else holds its elements while they change.
      guard !state.isClosed, var lane = state.lanes.removeValue(forKey: number) else { return (.closed, false) }
      defer { state.lanes[number] = lane }
      guard !lane.isClosing else { return (.closed, false) }
      guard let element = lane.admit(element) else { return (.taken, false) }
      let weight = weigh(element)
      let others = state.weight - lane.weight
      let isFull =
        !lane.elements.isEmpty && laneLimit < .max
        && (lane.weight + weight > laneLimit || state.weight + weight > limit)
      if isFull, lane.shedding == nil {
        guard lane.mayWait else { return (.closed, false) }
        lane.isSenderWaiting = true
        return (.full, false)
      }
      if lane.elements.isEmpty { state.order.append(number) }
      lane.elements.append(element)
      lane.weight += weight
      if isFull, let kept = lane.shed(to: max(0, min(laneLimit, limit - others))) {
        lane.elements = kept
        lane.weight = kept.reduce(0) { $0 + weigh($1) }
      }
      state.weight = others + lane.weight
      defer { state.isReceiverWaiting = false }
      return (.taken, state.isReceiverWaiting)
    }
    if wakes { ready.signal() }  // not under the lock, which whoever wakes up wants first
    return outcome
  }

  private func take(_ most: Int, _ state: inout State) -> [Delivery] {
    var deliveries: [Delivery] = []
    var weight = 0
    var unserved: [Int] = []
    for number in state.order {
      guard var lane = state.lanes[number] else { continue }
      guard weight < most else {
        unserved.append(number)
        continue
      }
      weight += lane.weight
      deliveries.append(Delivery(lane: number, elements: lane.elements, isLast: lane.isClosing))
      state.weight -= lane.weight
      lane.shedding?.took(lane.elements)
      (lane.elements, lane.weight) = ([], 0)
      state.lanes[number] = lane.isClosing ? nil : lane
    }
    state.order = unserved
    deliveries += state.gone.map { Delivery(lane: $0, elements: [], isLast: true) }
    state.gone = []
    wakeSenders(&state)
    return deliveries
  }

  /// Closes a lane from the receiver's side; its sender is told with the next `send`.
  /// - Returns: what waited in it, which is not delivered.
  package func close(_ number: Int) -> [Element] { close(number, forgetting: true) }

  /// - Returns: what is forgotten.
  @discardableResult
  private func close(_ number: Int, forgetting: Bool) -> [Element] {
    state.withLock { state in
      guard let lane = state.lanes[number] else { return [] }
      lane.room.signal()
      guard forgetting || lane.elements.isEmpty else {
        state.lanes[number]!.isClosing = true
        return []
      }
      state.weight -= lane.weight
      state.lanes[number] = nil
      state.order.removeAll { $0 == number }
      state.gone.append(number)
      wakeReceiver(&state)
      return lane.elements
    }
  }

  private func stopWaiting(_ number: Int) {
    state.withLock { state in
      state.lanes[number]?.mayWait = false
      state.lanes[number]?.room.signal()
    }
  }

  private func wakeReceiver(_ state: inout State) {
    guard state.isReceiverWaiting else { return }
    state.isReceiverWaiting = false
    ready.signal()
  }

  /// All look again: room in one lane may be room for another.
  private func wakeSenders(_ state: inout State) {
    for (number, lane) in state.lanes where lane.isSenderWaiting {
      state.lanes[number]!.isSenderWaiting = false
      lane.room.signal()
    }
  }
}
