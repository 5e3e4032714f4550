/// Why a source gave nothing.
package enum SourceError: Error, Hashable, CustomStringConvertible {
  /// Not there, or may not be read.
  case unreadable(String)
  /// Read, but not decodable.
  case undecodable(String)
  /// Its decoder ended, or had to be ended, before the source was open.
  case decoderEnded(String)
  /// Reading broke off.
  case inputOutput(String)
  /// What we wait for did not come in time.
  case timedOut(String)
  /// What would read it cannot be had.
  case unavailable(String)
  case interrupted

  package var description: String {
    switch self {
    case .unreadable(let reason), .undecodable(let reason), .decoderEnded(let reason), .inputOutput(let reason),
      .timedOut(let reason), .unavailable(let reason):
      reason
    case .interrupted: "interrupted"
    }
  }

  /// As the command's conventions number them.
  package var exitCode: Int32 {
    switch self {
    case .unreadable: 66
    case .undecodable, .decoderEnded: 65
    case .inputOutput: 74
    case .timedOut, .unavailable: 69
    case .interrupted: 130
    }
  }

  /// As it is told of another file than the source itself.
  package func naming(_ path: String) -> SourceError {
    let name = PathText.written(path)
    return switch self {
    case .unreadable(let reason): .unreadable("\(name): \(reason)")
    case .undecodable(let reason): .undecodable("\(name): \(reason)")
    case .inputOutput(let reason): .inputOutput("\(name): \(reason)")
    case .decoderEnded, .timedOut, .unavailable, .interrupted: self
    }
  }
}
