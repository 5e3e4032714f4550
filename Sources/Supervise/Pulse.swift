import Synchronization

/// The signs of life of all that must move. Whoever has a pulse beats with every step, or says until when it rests;
/// one that does neither in time is stuck, however alive the process looks.
package final class Pulses: Sendable {
  private struct Entry {
    let name: String
    /// Nil: it rests.
    var deadline: Duration?
  }

  private struct State {
    var entries: [Int: Entry] = [:]
    var last = 0
  }

  private let state = Mutex(State())
  private let now: @Sendable () -> Duration

  /// now: a clock that never goes back.
  package init(now: @escaping @Sendable () -> Duration) { self.now = now }

  /// One who must move.
  package struct Pulse: Sendable {
    fileprivate let pulses: Pulses
    fileprivate let number: Int

    /// It moves, and will again within this time.
    package func beat(within patience: Duration) { pulses.set(number, pulses.now() + patience) }

    /// It waits for another who has a pulse of his own, or for what may never come; until it beats again.
    package func rest() { pulses.set(number, nil) }

    /// It has come to its end as it should.
    package func end() { pulses.state.withLock { $0.entries[number] = nil } }
  }

  package func begin(_ name: String, within patience: Duration) -> Pulse {
    let deadline = now() + patience
    return state.withLock { state in
      state.last += 1
      state.entries[state.last] = Entry(name: name, deadline: deadline)
      return Pulse(pulses: self, number: state.last)
    }
  }

  /// Those who should have moved by now.
  package var stuck: [String] {
    let time = now()
    return state.withLock { $0.entries.values.filter { $0.deadline.map { $0 < time } ?? false }.map(\.name).sorted() }
  }

  private func set(_ number: Int, _ deadline: Duration?) { state.withLock { $0.entries[number]?.deadline = deadline } }
}
