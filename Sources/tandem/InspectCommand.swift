import ArgumentParser
import Emit
import Glibc
import Media
import Plot

/// `tandem inspect`: what a source holds and how sure its time is.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show a source's tracks, epochs, gaps and how sure its time is.")

  @Argument(help: "A file, a URL, or - for standard input.")
  var input: String

  @Flag(help: "One JSON object.")
  var json = false

  @Flag(help: "One JSON line per window, without vectors.")
  var jsonWindows = false

  @Option(help: "Write an epoch's sound as the encoders hear it: mono float32 WAV, zeros where masked.")
  var wav: String?

  @Option(help: "Sample rate of --wav.")
  var rate = 16_000

  @Option(help: "Epoch of --wav.")
  var epoch: Int32 = 0

  @Option(help: "Write every decoded frame: epoch,t_ns,duration_ns,pts,key,width,height,luma.")
  var frames: String?

  @Option(help: "Draw the source: thumbnails, waveform, coverage, offset over time (.png or .html).")
  var plot: String?

  @OptionGroup var way: WayOptions

  @Option(help: "Name of the input in the output.")
  var name: String?

  func validate() throws {
    guard (1000...768_000).contains(rate) else { throw ValidationError("--rate is 1000 to 768000") }
    if let plot, !plot.hasSuffix(".png"), !plot.hasSuffix(".html") {
      throw ValidationError("--plot writes .png or .html")
    }
    if [wav, frames].contains("-"), json || jsonWindows {
      throw ValidationError("--wav - and --frames - have standard output to themselves")
    }
    if wav == "-", isatty(STDOUT_FILENO) == 1 { throw ValidationError("WAV is binary and does not go to a terminal") }
    if json, jsonWindows { throw ValidationError("--json and --json-windows exclude each other") }
  }

  func run() throws {
    let signals = Signals.shared
    signals.listen()
    var inspection = try Inspection.open(self, signals)
    try inspection.run()
    if let code = signals.exitCode { throw Failure(message: nil, exitCode: code) }
  }
}
