import ArgumentParser
import Glibc
import Media

/// The command: turns media into time-true embeddings.
@main
struct Tandem: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tandem",
    abstract: "Time-true fused audio-visual embeddings of any media that FFmpeg can read.",
    version: Version.text,
    subcommands: [
      EmbedCommand.self, InspectCommand.self, EncodeCommand.self, ServeCommand.self, ConfigCommand.self,
      ModelsCommand.self, BenchCommand.self,
    ])

  /// The arguments with every byte kept: see `PathText`.
  static var arguments: [String] {
    (1..<Int(CommandLine.argc)).map { n in
      let argument = unsafe CommandLine.unsafeArgv[n]!
      return unsafe PathText.name(
        UnsafeBufferPointer(start: argument, count: strlen(argument)).map(UInt8.init(bitPattern:)))
    }
  }

  static func main() {
    occupyStandardDescriptors()
    signal(SIGPIPE, SIG_IGN)  // a reader that has left is an error of the write, not the end of us
    do {
      guard CommandLine.argc > 1 else {
        Messages.write(helpMessage() + "\n")
        throw Failure(message: nil, exitCode: 64)
      }
      var command = try parseAsRoot(Self.arguments)
      try command.run()
    } catch _ where Signals.shared.exitCode != nil {
      Failure(message: nil, exitCode: Signals.shared.exitCode!).end()  // whatever broke off then, this is why
    } catch let failure as Failure {
      failure.end()
    } catch {
      end(error)
    }
  }

  /// Help and version go to standard output, which may refuse them.
  private static func end(_ error: any Error) -> Never {
    guard exitCode(for: error) == .success else { exit(withError: error) }
    do {
      try StandardOutput.line(fullMessage(for: error))
    } catch let failure as Failure {
      failure.end()
    } catch { exit(withError: error) }
    Glibc.exit(0)
  }

  /// A standard descriptor that is closed must not become that of something else: it refuses instead.
  private static func occupyStandardDescriptors() {
    let modes = [STDIN_FILENO: O_WRONLY, STDOUT_FILENO: O_RDONLY, STDERR_FILENO: O_RDWR]
    for descriptor in modes.keys.sorted() where fcntl(descriptor, F_GETFD) < 0 {
      _ = unsafe open("/dev/null", modes[descriptor]!)  // takes the lowest number that is free: this one
    }
  }
}

/// Why the command ends, in one line, and the exit code that says so to scripts.
struct Failure: Error {
  var message: String?
  var exitCode: Int32

  static func usage(_ message: String) -> Failure { Failure(message: message, exitCode: 64) }

  func end() -> Never {
    if let message { Messages.error(message) }
    Messages.service.flush(within: .seconds(1))
    switch exitCode {
    case 141: die(by: SIGPIPE)
    default: Glibc.exit(exitCode)
    }
  }

  /// Quietly, as the shell expects of a writer whose reader has left.
  private func die(by number: Int32) -> Never {
    signal(number, SIG_DFL)
    raise(number)
    Glibc.exit(128 + number)
  }
}

/// Whether an environment variable is set, to anything.
func hasEnvironment(_ name: String) -> Bool { unsafe getenv(name) != nil }
