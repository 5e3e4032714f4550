import Synchronization

/// An encoder that is another program: asked over its standard input, answering on its standard output. One program
/// serves all tracks of a modality. docs/external-encoders.md describes the protocol.
package final class ExternalEncoder: Sendable {
  /// What the program said of itself.
  package let hello: Hello
  /// In a service, the longest that a call of `answers` takes: see `Patience.longestCall`.
  package let longestCall: Duration
  private let host: any ProgramHost
  private let accounts: Accounts
  private let conversation: Mutex<Conversation>

  /// Starts the program and waits for its handshake.
  /// - Parameters:
  ///   - warn: told what goes wrong, once for each kind; in a service once an hour.
  ///   - echo: takes what the program writes to its standard error, line by line.
  ///   - now: a clock that never goes back.
  ///   - isCancelled: whether all is to end; asked at least every 100 ms of waiting.
  /// - Throws: `ExternalError`.
  package convenience init(
    _ command: [String], _ greeting: Greeting, _ patience: Patience, warn: @escaping @Sendable (String) -> Void,
    echo: @escaping @Sendable (String) -> Void, now: @escaping @Sendable () -> Duration,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(ExternalError) {
    let errors = ErrorLines(echo, oblivion: patience.isService ? Patience.oblivion : nil, now: now)
    try self.init(
      SystemHost(command, errors: errors, now: now, isCancelled: isCancelled), greeting, patience, warn: warn)
  }

  init(
    _ host: any ProgramHost, _ greeting: Greeting, _ patience: Patience, warn: @escaping @Sendable (String) -> Void
  ) throws(ExternalError) {
    self.host = host
    longestCall = patience.longestCall
    accounts = Accounts(warn, oblivion: patience.isService ? Patience.oblivion : nil)
    var conversation = Conversation(host, greeting, patience, accounts)
    hello = try conversation.begin()
    self.conversation = Mutex(conversation)
  }

  deinit { close() }

  /// Each answer in its request's place: as many numbers as `hello.dim`, all finite; nil where there is none.
  /// At most `hello.batch` requests are under way. A run waits for the answers and for a program that has to be started
  /// anew; a service waits `longestCall` at most, and not at all while the program does not run.
  /// - Throws: `ExternalError.interrupted`, in a run.
  package func answers(to requests: [ExternalRequest]) throws(ExternalError) -> [[Float]?] {
    try conversation.withLock { conversation throws(ExternalError) in try conversation.answers(to: requests) }
  }

  /// For a service, every few seconds: a program that ends while nobody asks is started anew before somebody does. Does
  /// not wait, not even for another thread's request.
  package func attend() { _ = conversation.withLockIfAvailable { $0.attend() } }

  /// Ends the program: by closing its input, and by force where it does not end by itself.
  package func close() { conversation.withLock { $0.end() } }

  /// How the program is, also while it is asked.
  package var health: EncoderHealth { accounts.health(hiddenLines: host.hiddenLines) }
}

/// Why there is no encoder.
package enum ExternalError: Error, CustomStringConvertible {
  /// It never said what it is.
  case start(String)
  /// Everything is to end.
  case interrupted

  package var description: String {
    switch self {
    case .start(let reason): reason
    case .interrupted: "interrupted"
    }
  }
}
