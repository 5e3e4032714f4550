import Config
import Emit
import Encode
import External
import Media
import System

/// On whose behalf encoders that are other programs run.
enum ProgramKeeper: Sendable {
  /// A command's, which a signal ends.
  case command(Signals)
  /// A service's, which goes on for months: what has no answer when this is raised gets none.
  case service(Interruption)

  var isService: Bool { if case .service = self { true } else { false } }

  /// A command listens for signals as soon as it has programs.
  fileprivate var interruption: Interruption {
    switch self {
    case .command(let signals):
      signals.listen()
      return signals.interruption
    case .service(let interruption): return interruption
    }
  }

  /// Of whoever is ended before all programs have begun.
  fileprivate var exitCode: Int32 {
    switch self {
    case .command(let signals): signals.exitCode ?? 130
    case .service: 143
    }
  }
}

/// An encoder of a recipe that is another program, running.
struct ExternalPart: Sendable {
  let modality: Modality
  let encoder: ExternalEncoder
  /// Of its words, of those among them that are files beside the recipe, and of what it says of itself.
  let identity: String
  /// What messages call it.
  private let label: String

  /// Starts the program and waits for its handshake.
  /// - Parameters:
  ///   - place: `recipe light: video`.
  ///   - folder: of the recipe, where relative names of files begin.
  ///   - keeper: whose interruption is heeded.
  /// - Throws: `Failure` 78 for a program that cannot be started or understood.
  init(
    _ program: ProgramWords, _ modality: Modality, place: String, folder: String, isDeterministic: Bool,
    _ keeper: ProgramKeeper
  ) throws {
    let command = CommandWords(program.command, folder: folder)
    let label = "encoder \(shown(command.name))"
    let interruption = keeper.interruption
    do throws(ExternalError) {
      encoder = try ExternalEncoder(
        command.words, Greeting(version: Version.text, modality: modality, isDeterministic: isDeterministic),
        program.patience(keeper), warn: { Messages.warning("\(label): \($0)") },
        echo: { Messages.line("tandem: \(label): \($0)") }, now: monotonicTime,
        isCancelled: { interruption.isRaised })
    } catch .interrupted {
      throw Failure(message: nil, exitCode: keeper.exitCode)
    } catch { throw Failure(message: "\(place): \(shown(command.name)): \(error)", exitCode: 78) }
    self.modality = modality
    self.label = label
    let files = try command.files.map { try FileHashes.ofFile($0) }
    identity = (program.command + files + [encoder.hello.line]).joined(separator: "\u{0}")
  }

  var hello: Hello { encoder.hello }

  var size: VectorSize { VectorSize(dimensions: hello.dim, stepDimensions: hello.dim) }

  /// For a service, every few seconds: see `ExternalEncoder.attend`.
  func attend() { encoder.attend() }

  /// Why its answers are missing now; nil where it runs.
  var obstacle: String? {
    let health = encoder.health
    return health.isUp ? nil : "\(label) (\(modality.rawValue)): does not run: \(health.lastError ?? "not started")"
  }

  /// Ends the program, and tells what it did not answer.
  func close() {
    encoder.close()
    let counters = encoder.health.counters
    guard counters["encoder_failed"] + counters["encoder_restarts"] > 0 else { return }
    let words = counters.values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    Messages.warning("\(label) (\(modality.rawValue)): \(words.joined(separator: ", "))")
  }
}

extension ProgramWords {
  fileprivate func patience(_ keeper: ProgramKeeper) -> Patience {
    var patience = Patience(isService: keeper.isService)
    if let timeout { patience.answer = .nanoseconds(timeout.nanoseconds) }
    if let startTimeout { patience.start = .nanoseconds(startTimeout.nanoseconds) }
    return patience
  }
}

/// A command whose files stand beside the recipe that names them.
private struct CommandWords {
  private(set) var words: [String] = []
  /// Those words that are files.
  private(set) var files: [String] = []
  /// The script, or else the program.
  private(set) var name: String

  init(_ command: [String], folder: String) {
    name = lastComponent(command[0])
    for (n, word) in command.enumerated() {
      let beside = word.hasPrefix("/") ? word : "\(folder)/\(word)"
      // The first word without a slash is a program on the search path, as in a shell.
      let isHere = isFile(beside) && (n > 0 || word.contains("/"))
      if isHere && n > 0 && files.count(where: { $0 != words[0] }) == 0 { name = lastComponent(word) }
      if isHere { files.append(beside) }
      words.append(isHere ? beside : word)
    }
  }
}
