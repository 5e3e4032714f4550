/// Why records could not be written. One line that names the deed and the path:
/// `write out.arrows: No space left on device`.
package enum EmitError: Error, Hashable, Sendable {
  /// What was asked for cannot be: npy into a pipe, a socket path that is too long.
  case usage(String)
  /// The output cannot be created, or is not one that can be resumed.
  case cannotCreate(String)
  case inputOutput(String)
  /// The pipe's reader has left: end quietly, by SIGPIPE.
  case readerGone(String)
  /// `isCancelled` turned true while waiting for a reader.
  case cancelled(String)

  /// As the convention of the commands has it. For `readerGone` and `cancelled` the command ends by the signal
  /// itself; the code is what a shell would show for SIGPIPE and SIGINT.
  package var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .cannotCreate: 73
    case .inputOutput: 74
    case .readerGone: 141
    case .cancelled: 130
    }
  }
}

extension EmitError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .usage(let line), .cannotCreate(let line), .inputOutput(let line), .readerGone(let line),
      .cancelled(let line):
      line
    }
  }
}
