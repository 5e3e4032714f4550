import ArgumentParser
import Emit
import Encode
import Glibc
import Linear
import Media
import System

/// `tandem bench`: how fast a model runs here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "How fast a model runs on this machine.", subcommands: [ModelBench.self])

  struct ModelBench: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "model",
      abstract: "Milliseconds per picture, per batch of eight, per window of sound and per text; and GFLOP/s.")

    @Argument(help: "builtin, a checkpoint folder, or a recipe.")
    var model: String

    @OptionGroup var engine: EngineOptions

    @Option(help: "Compute threads.")
    var threads = 2

    @Option(help: "Seconds for each kind of input.")
    var seconds = 2.0

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
      guard (1...64).contains(threads) else { throw ValidationError("--threads is 1 to 64") }
      guard seconds > 0, seconds <= 600 else { throw ValidationError("--seconds is up to 600") }
    }

    func run() throws {
      let began = Stopwatch()
      let choice = try ModelChoice(model, engine.wish, threads: threads, keeper: .command(.shared))
      defer { choice.close() }
      let load = began.milliseconds
      let lines = try measure(choice.model)
      guard !json else { return try StandardOutput.line(report(choice, lines, load).line) }
      try StandardOutput.line("\(choice.model.name)  \(choice.products)  \(choice.precision)  \(threads) threads")
      for line in lines { try StandardOutput.line(line.words) }
      try StandardOutput.line("loaded in \(rounded(load)) ms, resident \(rounded(residentMegabytes)) MB")
    }

    private func measure(_ model: any Model) throws -> [Line] {
      var lines: [Line] = []
      if var encoder = try model.makePictureEncoder() {
        // Copies with storage of their own: a picture on screen is not encoded twice.
        let pictures = (0..<8).map { _ in EncoderInput(Trial.picture, slot: Slot(.video)) }
        lines.append(try line("image", 1) { try answered(encoder.encode([pictures[0]])) })
        lines.append(try line("image_batch8", 8) { try answered(encoder.encode(pictures)) })
      }
      if let needs = model.sound, var encoder = try model.makeSoundEncoder() {
        let chunk = EncoderInput(Trial.sound(needs), slot: Slot(.audio))
        lines.append(try line("audio", 1) { try answered(encoder.encode([chunk])) })
      }
      if var encoder = try model.makeTextEncoder() {
        let text = EncoderInput(Trial.text, slot: Slot(.text))
        lines.append(try line("text", 1) { try answered(encoder.encode([text])) })
      }
      return lines
    }

    /// The time of an encoder that does not answer says nothing.
    private func answered(_ features: [Features?]) throws {
      guard features.allSatisfy({ $0 != nil }) else {
        throw Failure(message: "\(shown(model)): an encoder gave no answer", exitCode: 69)
      }
    }

    /// The median of as many runs as the time allows, at least three, after one that warms up.
    private func line(_ what: String, _ items: Int, _ work: () throws -> Void) throws -> Line {
      try work()
      let (all, before) = (Stopwatch(), Operations.count)
      var times: [Double] = []
      while times.count < 3 || all.milliseconds < seconds * 1000 {
        let one = Stopwatch()
        try work()
        times.append(one.milliseconds)
      }
      let operations = Double(Operations.count - before) / Double(times.count)
      let median = times.sorted()[times.count / 2]
      return Line(what: what, milliseconds: median / Double(items), gigaflops: operations / median / 1e6)
    }

    private func report(_ choice: ModelChoice, _ lines: [Line], _ load: Double) -> JSON {
      .object([
        ("model", .text(choice.model.name)), ("blas", .text(choice.products)), ("precision", .text(choice.precision)),
        ("threads", .integer(Int64(threads))), ("items", .list(lines.map(\.object))),
        ("rss_mb", .number(Float(residentMegabytes))), ("load_ms", .number(Float(load))),
      ])
    }
  }
}

private struct Line {
  let what: String
  /// Per item.
  let milliseconds: Double
  /// 0 where nothing is multiplied.
  let gigaflops: Double

  var words: String {
    "  \(what)  \(rounded(milliseconds)) ms" + (gigaflops > 0 ? "  \(rounded(gigaflops)) GFLOP/s" : "")
  }

  var object: JSON {
    .object([
      ("what", .text(what)), ("ms", .number(Float(milliseconds))), ("gflops", .number(Float(gigaflops))),
    ])
  }
}

private struct Stopwatch {
  private let start = Self.now

  var milliseconds: Double { Double(Self.now - start) / 1e6 }

  /// Nanoseconds of the monotonic clock.
  private static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// What the process holds in memory now.
private var residentMegabytes: Double {
  Double(residentBytes() ?? 0) / 1e6
}

private func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
