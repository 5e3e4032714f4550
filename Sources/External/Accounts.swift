package import Media
import Synchronization

/// What became of all requests, by name; how the program is; and what people were told of it. May be read while a
/// request waits for its answer.
final class Accounts: Sendable {
  /// Tells people.
  private let warn: @Sendable (String) -> Void
  /// After this time a kind of mishap is news again; nil: never.
  private let oblivion: Duration?
  private let state = Mutex(State())

  fileprivate struct State {
    var health = EncoderHealth()
    /// When people heard of a kind of mishap last.
    var told: [Mishap.Kind: Duration] = [:]
    /// People were told that the program does not run, and not yet that it does again.
    var isMissed = false
  }

  init(_ warn: @escaping @Sendable (String) -> Void, oblivion: Duration?) {
    self.warn = warn
    self.oblivion = oblivion
  }

  /// - Parameter hiddenLines: of the program's standard error, that nobody was shown.
  func health(hiddenLines: Int64) -> EncoderHealth {
    var health = state.withLock(\.health)
    if hiddenLines > 0 { health.counters.add("encoder_stderr_lines_hidden", hiddenLines) }
    return health
  }

  func count(_ name: String, _ count: Int = 1) { state.withLock { $0.count(name, count) } }

  /// So many requests will have no answer; none may be.
  func lose(_ count: Int, _ mishap: Mishap, now: Duration) {
    if count > 0 { state.withLock { $0.lose(count, mishap.kind.rawValue) } }
    note(mishap, now: now)
  }

  /// So many requests will have no answer because everything is to end: nobody need be told.
  func interrupt(_ count: Int) { state.withLock { $0.lose(count, "interrupted") } }

  func note(_ mishap: Mishap, now: Duration) {
    let isNews = state.withLock { state in
      if mishap.kind != .down { state.health.lastError = mishap.reason }
      if let last = state.told[mishap.kind], now - last < oblivion ?? .seconds(Int64.max) { return false }
      state.told[mishap.kind] = now
      if mishap.kind == .down { state.isMissed = true }
      return true
    }
    if isNews { warn("\(mishap.reason); what it does not answer has no vector, and is counted from here on") }
  }

  /// The program says what it is, or is gone.
  func isUp(_ isUp: Bool, now: Duration) {
    let isNews = state.withLock { state in
      state.health.isUp = isUp
      guard isUp, state.isMissed else { return false }
      state.isMissed = false
      return true
    }
    if isNews { warn("runs again") }
  }
}

extension Accounts.State {
  mutating func count(_ name: String, _ count: Int) { health.counters.add("encoder_\(name)", Int64(count)) }

  mutating func lose(_ count: Int, _ reason: String) {
    self.count("failed", count)
    self.count("failed_\(reason)", count)
  }
}

/// How a program is and what it has done until now.
package struct EncoderHealth: Sendable {
  /// `encoder_requests` = `encoder_answers` + `encoder_failed` + those under way; `encoder_failed_…`: why they failed;
  /// `encoder_restarts`.
  package fileprivate(set) var counters = Counters()
  /// It has said what it is, and has not been found wanting since.
  package fileprivate(set) var isUp = false
  /// What went wrong last; nil: nothing ever did.
  package fileprivate(set) var lastError: String?
}
