import ArgumentParser

/// `tandem serve`: the daemon.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve the records of many live and recorded sources.",
    discussion: """
      Records go to a Unix socket, to HTTP, and into segments on disk. SIGHUP reads the configuration again, SIGTERM
      ends. What a key of the configuration means says tandem.yaml(5).
      """)

  @Argument(help: "The configuration.")
  var config = "/etc/tandem/tandem.yaml"

  @Option(name: .customLong("set"), help: "KEY=VALUE, in place of what the file and the environment say.")
  var settings: [String] = []

  func run() throws {
    defer { Messages.service.flush(within: .seconds(1)) }
    try Daemon(config, flags: settings).run()
  }
}
