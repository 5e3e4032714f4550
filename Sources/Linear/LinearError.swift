/// Why weights or an engine cannot be used. The description is one line.
package enum LinearError: Error, Equatable, CustomStringConvertible {
  case file(path: String, reason: String)
  case tensor(file: String, name: String, reason: String)
  case engine(reason: String)

  package var description: String {
    switch self {
    case .file(let path, let reason): "\(path): \(reason)"
    case .tensor(let file, let name, let reason): "\(file): tensor \(name): \(reason)"
    case .engine(let reason): reason
    }
  }
}
