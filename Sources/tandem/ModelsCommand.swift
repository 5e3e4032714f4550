import ArgumentParser
import Emit
import Encode
import Media

/// `tandem models`: what can embed.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "The models that this machine can run.", subcommands: [List.self],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List them.")

    @Flag(help: "One JSON line per model.")
    var json = false

    func run() throws {
      let model = BuiltinModel()
      let sizes = Modality.allCases.compactMap { kind in model.size(kind).map { (kind, $0.dimensions) } }
      if json {
        let dimensions = sizes.map { (key: $0.0.rawValue, value: JSON.integer(Int64($0.1))) }
        try StandardOutput.line(
          JSON.object([
            ("name", .text(model.name)), ("semantic", .bool(model.isSemantic)), ("space", .text(model.space.rawValue)),
            ("dimensions", .object(dimensions)),
          ]).line)
      } else {
        let words = sizes.map { "\($0.0.rawValue) \($0.1)" }.joined(separator: ", ")
        try StandardOutput.line("\(model.name)  \(words)  classical descriptors, no download, no claim of meaning")
      }
    }
  }
}
