import ArgumentParser
import Config
import Fuse
import Linear
import Media

/// `tandem config`: the daemon's configuration.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "The daemon's configuration.", subcommands: [Check.self])

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell whether a configuration is good.",
      discussion: """
        As the daemon would read it: values of --set outrank those of the environment (TANDEM_HOP, \
        TANDEM_RECORDS_SYNC), those the file, that the defaults. Exits with 78 and a line for each error.

        With --here also whether it can be used on this machine: loads the model, as the daemon would, and starts \
        its encoders.
        """)

    @Argument(help: "The file.")
    var file: String

    @Option(name: .customLong("set"), help: "KEY=VALUE, as records.sync=20ms; may be repeated.")
    var flags: [String] = []

    @Flag(help: "Look for the model and the groups, too.")
    var here = false

    func run() throws {
      let config = try DaemonConfig.read(file, flags: flags)
      if here { try look(for: config) }
      let count = config.sources.count
      try StandardOutput.line("\(shown(file)): good, \(count) source\(count == 1 ? "" : "s")")
    }

    private func look(for config: DaemonConfig) throws {
      let plan = try WayPlan(config, of: file, .command(.shared))
      for program in plan.programs { program.close() }
      _ = (try config.recordsGroup(), try config.httpGroup())
    }
  }
}

extension DaemonConfig {
  /// - Parameter flags: `records.sync=20ms`
  /// - Throws: `Failure` 66 for a file that cannot be read, 78 for one that is wrong, when all is told.
  static func read(_ path: String, flags: [String]) throws -> DaemonConfig {
    do {
      let text = try contents(of: path, limit: 1 << 20)
      let input = ConfigInput(file: shown(path), text: text, environment: environmentVariables(), flags: flags)
      return try DaemonConfig(input, .own)
    } catch let error as FileProblem {
      throw Failure(message: "\(error)", exitCode: error.isTooLong ? 78 : 66)
    } catch let error as ConfigError {
      for problem in error.problems { Messages.line("\(problem)") }
      throw Failure(message: nil, exitCode: 78)
    }
  }
}

extension Vocabulary {
  /// What the rooms of this program understand.
  static let own = Vocabulary(
    fusions: Fuser.Kind.allCases.map(\.rawValue), products: Engine.Products.allCases.map(\.rawValue),
    precisions: Engine.Precision.allCases.map(\.rawValue), choosesTracks: { TrackSelection($0) != nil })
}
