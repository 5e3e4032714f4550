import Config
import Emit
import Encode
import External
import Media
import System

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
  /// - Throws: `Failure` 78 for a program that cannot be started or understood.
  init(
    _ program: ProgramWords, _ modality: Modality, place: String, folder: String, isDeterministic: Bool
  ) throws {
    let command = CommandWords(program.command, folder: folder)
    let label = "encoder \(shown(command.name))"
    let signals = Signals.shared
    signals.listen()
    do throws(ExternalError) {
      encoder = try ExternalEncoder(
        command.words, Greeting(version: Version.text, modality: modality, isDeterministic: isDeterministic),
        program.patience, warn: { Messages.warning("\(label): \($0)") },
        echo: { Messages.line("tandem: \(label): \($0)") }, now: monotonicTime,
        isCancelled: { signals.interruption.isRaised })
    } catch .interrupted {
      throw Failure(message: nil, exitCode: signals.exitCode ?? 130)
    } catch { throw Failure(message: "\(place): \(shown(command.name)): \(error)", exitCode: 78) }
    self.modality = modality
    self.label = label
    let files = try command.files.map { try FileHashes.ofFile($0) }
    identity = (program.command + files + [encoder.hello.line]).joined(separator: "\u{0}")
  }

  var hello: Hello { encoder.hello }

  var size: VectorSize { VectorSize(dimensions: hello.dim, stepDimensions: hello.dim) }

  /// Ends the program, and tells what it did not answer.
  func close() {
    encoder.close()
    let counters = encoder.counters
    guard counters["encoder_failed"] + counters["encoder_restarts"] > 0 else { return }
    let words = counters.values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    Messages.warning("\(label) (\(modality.rawValue)): \(words.joined(separator: ", "))")
  }
}

extension ProgramWords {
  fileprivate var patience: Patience {
    var patience = Patience()
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
