/// Why nothing was fetched, in one line.
package enum HubError: Error, Equatable, CustomStringConvertible {
  /// There is no such repository, revision or file, or it is not open to the caller.
  case notFound(String)
  /// The hub, or a program that is needed to reach it, does not answer; or another process is at it.
  case unavailable(String)
  /// What is there is no checkpoint that could be used, or is not to be trusted.
  case unusable(String)
  /// The place where the model should stand cannot be written.
  case cannotCreate(String)
  /// The disk refused, or bytes arrived wrong.
  case inputOutput(String)
  /// Asked to stop. What was fetched stays.
  case interrupted

  package var description: String {
    switch self {
    case .notFound(let text), .unavailable(let text), .unusable(let text), .cannotCreate(let text),
      .inputOutput(let text):
      text
    case .interrupted: "interrupted"
    }
  }
}
