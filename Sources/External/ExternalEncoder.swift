package import Media
import Synchronization

/// An encoder that is another program: asked over its standard input, answering on its standard output. One program
/// serves all tracks of a modality. docs/external-encoders.md describes the protocol.
package final class ExternalEncoder: Sendable {
  /// What the program said of itself.
  package let hello: Hello
  private let conversation: Mutex<Conversation>

  /// Starts the program and waits for its handshake.
  /// - Parameters:
  ///   - warn: told what goes wrong, once for each kind.
  ///   - echo: takes what the program writes to its standard error, line by line.
  ///   - now: a clock that never goes back.
  ///   - isCancelled: asked at least every 100 ms.
  /// - Throws: `ExternalError`.
  package convenience init(
    _ command: [String], _ greeting: Greeting, _ patience: Patience, warn: @escaping @Sendable (String) -> Void,
    echo: @escaping @Sendable (String) -> Void, now: @escaping @Sendable () -> Duration,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(ExternalError) {
    try self.init(SystemHost(command, echo: echo, now: now, isCancelled: isCancelled), greeting, patience, warn: warn)
  }

  init(
    _ host: any ProgramHost, _ greeting: Greeting, _ patience: Patience, warn: @escaping @Sendable (String) -> Void
  ) throws(ExternalError) {
    var conversation = Conversation(host, greeting, patience, warn: warn)
    hello = try conversation.begin()
    self.conversation = Mutex(conversation)
  }

  deinit { close() }

  /// Each answer in its request's place: as many numbers as `hello.dim`, all finite; nil where there is none.
  /// Waits for them. At most `hello.batch` requests are under way.
  /// - Throws: `ExternalError.interrupted`.
  package func answers(to requests: [ExternalRequest]) throws(ExternalError) -> [[Float]?] {
    try conversation.withLock { conversation throws(ExternalError) in try conversation.answers(to: requests) }
  }

  /// Ends the program: by closing its input, and by force where it does not end by itself.
  package func close() { conversation.withLock { $0.end() } }

  /// `encoder_requests` = `encoder_answers` + `encoder_failed`; and why they failed.
  package var counters: Counters { conversation.withLock(\.counters) }
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
