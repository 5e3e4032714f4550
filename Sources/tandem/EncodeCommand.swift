import ArgumentParser
import Emit
import Encode
import Media
import Seam
import System

/// `tandem encode`: one vector per item.
struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode", abstract: "One vector per picture, sound or text, as NDJSON.")

  @Option(help: "builtin, a checkpoint folder, or a recipe.")
  var model = "builtin"

  @Option(help: "A picture, or a video whose first picture counts.")
  var image: [String] = []

  @Option(help: "A sound; its vector is that of the whole.")
  var audio: [String] = []

  @Option(help: "A text.")
  var text: [String] = []

  @OptionGroup var engine: EngineOptions

  @Option(help: "Compute threads.")
  var threads = 2

  @Flag(help: "As the model gives it, not normalised.")
  var raw = false

  @Flag(help: "Turn pictures as their EXIF says.")
  var orient = false

  func validate() throws {
    if image.isEmpty, audio.isEmpty, text.isEmpty { throw ValidationError("give --image, --audio or --text") }
    guard (1...64).contains(threads) else { throw ValidationError("--threads is 1 to 64") }
  }

  func run() throws {
    let wanted = Set(items.map { modality($0.kind) })
    let choice = try ModelChoice(model, engine.wish, threads: threads, wanted: wanted, keeper: .command(.shared))
    defer { choice.close() }
    let signals = Signals.shared
    signals.listen()
    for (kind, input) in items {
      try StandardOutput.line(encode(kind, input, choice.model, signals.interruption).line)
    }
  }

  /// In the order of the command line.
  private var items: [(kind: String, input: String)] {
    var waiting = ["image": image[...], "audio": audio[...], "text": text[...]]
    return Tandem.arguments.compactMap { argument in
      // Each flag takes the next value of its kind, so the order is that of the flags.
      let kind = (argument.split(separator: "=").first ?? "").drop { $0 == "-" }
      guard argument.hasPrefix("--"), let input = waiting[String(kind)]?.popFirst() else { return nil }
      return (String(kind), input)
    }
  }

  private func modality(_ kind: String) -> Modality { kind == "image" ? .video : kind == "audio" ? .audio : .text }

  private func encode(
    _ kind: String, _ input: String, _ model: any Model, _ interruption: Interruption
  ) throws -> JSON {
    let modality = modality(kind)
    guard let size = model.size(modality) else {
      throw Failure(message: "model \(model.name) has no encoder for \(kind)", exitCode: 78)
    }
    let pooled =
      modality == .text
      ? try read(input, model) : try Pooled(input, modality, model, followsEXIF: orient, interruption).mean
    if let code = Signals.shared.exitCode { throw Failure(message: nil, exitCode: code) }
    guard let vector = raw ? pooled : model.embed(modality, pooled: pooled) else {
      throw Failure(message: "\(shown(input)): nothing in it that \(model.name) can tell apart", exitCode: 65)
    }
    return .object([
      ("input", .text(shown(input))), ("modality", .text(kind)), ("model", .text(model.name)),
      ("dim", .integer(Int64(raw ? size.stepDimensions : size.dimensions))),
      ("vector", .list(vector.map(JSON.number))),
    ])
  }
}

extension EncodeCommand {
  private func read(_ text: String, _ model: any Model) throws -> [Float] {
    do {
      guard var encoder = try model.makeTextEncoder() else { preconditionFailure("the model told a size") }
      guard let features = try encoder.encode(EncoderInput(text, slot: Slot(.text))) else {
        throw Failure.unanswered(text, model)
      }
      return features.vector
    } catch let failure as Failure {
      throw failure
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }
}

extension Failure {
  /// An encoder that is another program had no answer.
  fileprivate static func unanswered(_ input: String, _ model: any Model) -> Failure {
    Failure(message: "\(shown(input)): an encoder of \(model.name) gave no answer", exitCode: 69)
  }
}

/// The mean of a source's steps, weighted by what they cover: the whole of a sound, or the first picture.
private struct Pooled {
  let mean: [Float]

  /// - Throws: `Failure`.
  init(
    _ input: String, _ modality: Modality, _ model: any Model, followsEXIF: Bool, _ interruption: Interruption
  ) throws {
    let request = SourceRequest(
      sampleRate: model.sound?.rate ?? 16_000, pictureRate: Ratio(1), stillLength: TimeSpan(seconds: 1),
      followsEXIF: followsEXIF)
    var sum = WeightedSum()
    do {
      let order = SourceOrder(
        input, label: shown(input), TrackSelection(modality.rawValue)!, request, threads: 2)
      let source = try Decoding.program.open(order, interruption: interruption)
      var stage = EncodeStage(model, pictureRate: request.pictureRate)
      while let items = try source.next(), !(modality == .video && sum.isStarted) {
        for item in items {
          if case .mark(.ended(let outcome)) = item, case .failed(let reason, _) = outcome.ending {
            throw SourceError.undecodable(reason)
          }
          for encoded in try stage.accept(item) where modality != .video || !sum.isStarted {
            if case .lost = encoded { throw Failure.unanswered(input, model) }
            if case .step(let step) = encoded { sum.add(step) }
          }
        }
      }
    } catch let error as SourceError {
      throw Failure(message: "\(shown(input)): \(error)", exitCode: error.exitCode)
    }
    guard let mean = sum.mean else {
      throw Failure(message: "\(shown(input)): no \(modality.rawValue) in it", exitCode: 65)
    }
    self.mean = mean
  }

  private struct WeightedSum {
    private var sums: [Double] = []
    private var weight = 0.0

    var isStarted: Bool { weight > 0 }
    var mean: [Float]? { isStarted ? sums.map { Float($0 / weight) } : nil }

    mutating func add(_ step: Step) {
      let share = Double(step.valid) * step.interval.length.seconds
      if sums.isEmpty { sums = [Double](repeating: 0, count: step.vector.count) }
      for n in sums.indices { sums[n] += share * Double(step.vector[n]) }
      weight += share
    }
  }
}
