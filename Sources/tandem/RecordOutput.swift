import Emit
import Glibc
import Media

/// Where the records of a run go, in which form.
struct RecordOutput: Sendable {
  enum Form: Sendable {
    case records(RecordTarget, RecordFormat, VectorForm)
    /// A table for people, on standard output.
    case table
  }

  let form: Form
  let layout: RecordLayout
  /// What an earlier run already wrote.
  let resumePoint: ResumePoint?

  /// - Throws: `Failure` 64 for what does not go together, 73 and 74 for what cannot be resumed.
  init(_ command: EmbedCommand, _ layout: RecordLayout) throws {
    self.layout = layout
    let isTerminal = isatty(STDOUT_FILENO) == 1
    if command.table {
      guard command.output == "-", command.listen == nil, command.format == nil else {
        throw Failure.usage("--table goes to standard output, without --format")
      }
      (form, resumePoint) = (.table, nil)
      return
    }
    let target: RecordTarget =
      command.listen.map { .socket($0) } ?? (command.output == "-" ? .standardOutput : .file(command.output))
    let isShown = target == .standardOutput && isTerminal
    let format = try command.format ?? RecordFormat(ending: command.output) ?? (isShown ? .ndjson : .arrow)
    if isShown, format != .ndjson { throw Failure.usage("\(format.rawValue) is binary and does not go to a terminal") }
    if command.vectors != nil, format != .ndjson { throw Failure.usage("--vectors is for ndjson") }
    form = .records(target, format, command.vectors ?? (isShown ? .none : .array))
    do throws(EmitError) {
      resumePoint = command.resume ? try ResumePoint.read(command.output, format: format) : nil
    } catch { throw Failure(error) }
  }
}

extension RecordFormat {
  /// By the file's ending; nil for standard output.
  /// - Throws: `Failure` 64 for an unknown ending.
  init?(ending path: String) throws {
    guard path != "-" else { return nil }
    switch path.split(separator: "/").last?.split(separator: ".").last {
    case "arrows", "arrow": self = .arrow
    case "ndjson", "jsonl": self = .ndjson
    case "npy": self = .npy
    default: throw Failure.usage("\(path): say --format, or end the name in .arrows, .ndjson or .npy")
    }
  }
}

extension Failure {
  init(_ error: EmitError) {
    switch error {
    case .readerGone: self.init(message: nil, exitCode: error.exitCode)
    case .cancelled: self.init(message: nil, exitCode: Signals.shared.exitCode ?? error.exitCode)
    default: self.init(message: "\(error)", exitCode: error.exitCode)
    }
  }
}
