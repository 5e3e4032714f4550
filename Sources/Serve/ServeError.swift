/// Why nothing can be served. One line that names the deed and the place: `serve /run/t.sock: Permission denied`.
package enum ServeError: Error, Hashable, Sendable {
  /// What was asked for cannot be: TCP without a token, an address that others can reach.
  case configuration(String)
  case cannotCreate(String)
  /// Someone serves there already; what was handed down is no listening socket.
  case inputOutput(String)

  static let tokenless = "TCP is served to those only who know a token, and there is none"

  /// As the convention of the commands has it.
  package var exitCode: Int32 {
    switch self {
    case .configuration: 78
    case .cannotCreate: 73
    case .inputOutput: 74
    }
  }
}

extension ServeError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .configuration(let line), .cannotCreate(let line), .inputOutput(let line): line
    }
  }
}
