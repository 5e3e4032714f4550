import ArgumentParser
import Decode
import Hub

/// `tandem models pull`: brings a model to this machine.
struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetch a checkpoint from a Hugging Face hub, and check it.",
    discussion: """
      Into the first writable folder of $TANDEM_MODELS, else into ~/.cache/tandem/models. A pull that was interrupted \
      goes on where it was. $HF_TOKEN opens what is not public; $HF_ENDPOINT names another hub. Needs curl.
      """)

  @Argument(help: "org/name or org/name@revision.")
  var name: String

  @OptionGroup var engine: EngineOptions

  @Flag(help: "No progress.")
  var quiet = false

  func run() throws {
    guard let repository = RepositoryName(name) else {
      throw Failure.usage("\(shown(name)) is no org/name or org/name@revision")
    }
    Signals.shared.listen()
    let root: String
    do throws(HubError) {
      root = try Pull.root(among: ModelPlace.ownFolders)
      switch try fetch(repository, into: root) {
      case .fetched(let commit): Messages.line("tandem: \(repository): complete at \(commit)")
      case .alreadyThere(let commit): return Messages.line("tandem: \(repository): already complete at \(commit)")
      }
    } catch { throw Failure(error) }
    try Trial.check("\(root)/\(repository)", engine)
  }

  private func fetch(_ repository: RepositoryName, into root: String) throws(HubError) -> Pull.Outcome {
    let endpoint = if let text = environment("HF_ENDPOINT") { try Endpoint(text) } else { Endpoint.huggingFace }
    var progress = Progress(isQuiet: quiet)
    defer { progress.clear() }
    let pull = Pull(
      repository, from: endpoint, token: environment("HF_TOKEN"), into: root,
      goesOn: { !Signals.shared.interruption.isRaised },
      report: { progress.show(repository.description, bytes: $0.bytes, total: $0.total) })
    return try pull.run()
  }
}

extension Failure {
  init(_ error: HubError) {
    let code: Int32 =
      switch error {
      case .notFound: 66
      case .unavailable: 69
      case .cannotCreate: 73
      case .inputOutput: 74
      case .unusable: 78
      case .interrupted: Signals.shared.exitCode ?? 130
      }
    self.init(message: error == .interrupted ? nil : "\(error)", exitCode: code)
  }
}
