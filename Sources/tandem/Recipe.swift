import Config
import Fuse

extension Recipe {
  /// - Throws: `Failure` 78 naming the file, the line and the key.
  static func read(_ path: String) throws -> Recipe {
    do {
      return try Recipe(
        contents(of: path, limit: 1 << 20), file: shown(path), fusions: Fuser.Kind.allCases.map(\.rawValue))
    } catch let error as FileProblem {
      throw Failure(message: "\(error)", exitCode: 78)
    } catch let error as ConfigError {
      for problem in error.problems.dropLast() { Messages.error("\(problem)") }
      throw Failure(message: "\(error.problems.last!)", exitCode: 78)
    }
  }
}
