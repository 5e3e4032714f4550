import Align
import ArgumentParser
import Emit
import Fuse
import Glibc
import Media

/// `tandem embed`: media in, records out.
struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Turn media into records with one fused, exactly timed embedding per window.",
    discussion: """
      Inputs are files, URLs, directories (read to the bottom, in byte order) and - for standard input.
      Records go to standard output: NDJSON on a terminal, an Arrow IPC stream into a pipe or file.
      """)

  @Argument(help: "Files, URLs, directories, or - for standard input.")
  var inputs: [String]

  @Option(name: [.short, .long], help: "Write to PATH (.arrows, .ndjson, .npy), - for standard output.")
  var output = "-"

  @Option(help: "arrow, ndjson or npy.")
  var format: RecordFormat?

  @Option(help: "Serve the records on a Unix socket at PATH instead.")
  var listen: String?

  @Option(help: "NDJSON vectors as array, base64 or none.")
  var vectors: VectorForm?

  @OptionGroup var way: WayOptions

  @Option(help: "Reuse a frame's vector for those that differ from it by less than EPS grey levels, 0 to 255.")
  var reuse: Double?

  @Option(help: "Name of the one input in its records.")
  var name: String?

  @Option(help: "A subtitle file beside the one input.")
  var subs: String?

  @Option(help: "First window's position in the source.")
  var start: DurationText?

  @Option(help: "How much of the source to take from there.")
  var duration: DurationText?

  @Option(help: "Most windows per source.")
  var limit: Int?

  @Option(help: "Take every Nth input: I/N, I from 0.")
  var shard: ShardText?

  @Flag(help: "Go on where an earlier run into the same output ended.")
  var resume = false

  @Option(help: "On an undecodable input: stop counts it and goes on to exit code 65, record writes a row and exits 0.")
  var onError: OnError = .stop

  @Flag(help: "Print the records as a table instead.")
  var table = false

  @Flag(help: "No progress.")
  var quiet = false

  enum OnError: String, ExpressibleByArgument, CaseIterable {
    case stop, record
  }

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    if let reuse, !(0...255).contains(reuse) { throw ValidationError("--reuse is 0 to 255 grey levels") }
    if listen != nil, output != "-" { throw ValidationError("--listen and --output exclude each other") }
    if resume, output == "-" { throw ValidationError("--resume needs --output PATH") }
    if inputs.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input can be read once") }
  }

  func run() throws {
    let inputs = try Inputs(inputs, name: name, shard: shard)
    if subs != nil, inputs.all.count != 1 {
      throw Failure.usage("--subs goes with one input, these are \(inputs.all.count)")
    }
    let plan = try WayPlan(way.wish, .command(.shared), reuseBelow: reuse ?? 0, hasSteps: way.steps)
    defer { for program in plan.programs { program.close() } }
    let output = try RecordOutput(self, plan.layout)
    let signals = Signals.shared
    signals.listen()
    let choice = WindowChoice(start: start?.span ?? .zero, duration: duration?.span, limit: limit)
    let run = EmbedRun(
      plan: plan, choice: choice, subtitles: subs, recordsFailures: onError == .record, signals: signals, isQuiet: quiet
    )
    try run.embed(inputs.all, into: output)
  }
}

/// What decides the way of the data, shared by the commands that go it.
struct WayOptions: ParsableArguments {
  @Option(help: "builtin, a checkpoint folder, or a recipe.")
  var model = "builtin"

  @Option(help: "Length of a window.")
  var window = DurationText(argument: "2s")!

  @Option(help: "Distance of the windows.")
  var hop = DurationText(argument: "1s")!

  @OptionGroup var engine: EngineOptions

  @Option(help: "Pictures per second; default: what the model's recipe says, else 2.")
  var fps: RateText?

  @Option(help: "Tracks, as audio,video,text, audio:deu or video:0,video:1.")
  var tracks = TracksText(argument: "audio,video,text")!

  @Option(help: "mean or concat; default: mean where the vectors have one width, else concat.")
  var fuse: Fuser.Kind?

  @Option(help: "off; measuring the offset of sound and picture comes in a later version.")
  var sync: SyncMode = .off

  @Flag(help: "Add the per-step columns.")
  var steps = false

  @Option(help: "For live sources: tcp, udp, listen, sdp, and opening=, silence=, packet=, stall=, jitter= times.")
  var live: LiveText?

  @Option(help: "Decode and compute threads.")
  var threads = 2

  @Flag(help: "Same bits on every run on the same machine: always so with builtin.")
  var deterministic = false

  enum SyncMode: String, ExpressibleByArgument, CaseIterable {
    case off
  }

  func validate() throws {
    guard window.span > .zero, hop.span > .zero else { throw ValidationError("--window and --hop are longer than 0") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads is 1 to 64") }
  }

  var wish: WayWish {
    WayWish(
      model: model, engine: engine.wish, threads: threads, isDeterministic: deterministic, window: window.span,
      hop: hop.span, pictureRate: fps?.ratio, selection: tracks.selection, fuse: fuse,
      live: live?.options ?? LiveOptions())
  }
}
