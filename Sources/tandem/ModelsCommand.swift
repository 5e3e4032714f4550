import ArgumentParser
import Emit
import Encode
import External
import Media

/// `tandem models`: what can embed.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "The models that this machine can run.",
    subcommands: [List.self, Show.self, Check.self, PullCommand.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List builtin, and the checkpoints and recipes under the search path.",
      discussion:
        "Searched in $TANDEM_MODELS, ~/.cache/tandem/models, /var/lib/tandem/models, /usr/share/tandem/models.")

    @Flag(help: "One JSON line per model.")
    var json = false

    func run() throws {
      let builtin = ModelWords(BuiltinModel())
      try StandardOutput.line(
        json ? builtin.object.line : "\(builtin.line)  classical descriptors, no download, no claim of meaning")
      for (name, place) in ModelPlace.all() {
        try StandardOutput.line(json ? place.object(name).line : "\(name)  \(place.words)")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What a model encodes, into how many dimensions, and what it wants.")

    @Argument(help: "builtin, a checkpoint folder, or a recipe.")
    var model: String

    @OptionGroup var engine: EngineOptions

    @Flag(help: "One JSON line.")
    var json = false

    func run() throws {
      let choice = try ModelChoice(model, engine.wish, threads: 2, keeper: .command(.shared))
      defer { choice.close() }
      let words = ModelWords(choice.model)
      guard !json else { return try StandardOutput.line(words.object.line) }
      try StandardOutput.line(words.line)
      for line in words.details(choice) { try StandardOutput.line("  \(line)") }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Load a model, run each encoder once, and tell its hash.",
      discussion: "Exits with 78 and one line naming file and tensor when anything is missing or wrong.")

    @Argument(help: "builtin, a checkpoint folder, or a recipe.")
    var model: String

    @OptionGroup var engine: EngineOptions

    func run() throws { try Trial.check(model, engine.wish) }
  }
}

/// A model in words.
private struct ModelWords {
  private let model: any Model
  private let sizes: [(kind: Modality, dimensions: Int)]

  init(_ model: any Model) {
    self.model = model
    sizes = Modality.allCases.compactMap { kind in model.size(kind).map { (kind, $0.dimensions) } }
  }

  var line: String {
    "\(model.name)  " + sizes.map { "\($0.kind.rawValue) \($0.dimensions)" }.joined(separator: ", ")
  }

  var object: JSON {
    .object([
      ("name", .text(model.name)), ("semantic", .bool(model.isSemantic)), ("space", .text(model.space.rawValue)),
      ("dimensions", .object(sizes.map { ($0.kind.rawValue, .integer(Int64($0.dimensions))) })),
    ])
  }

  func details(_ choice: ModelChoice) -> [String] {
    let sound = model.sound.map { needs in
      let (window, hop) = (Double(needs.receptive) / Double(needs.rate), Double(needs.hop) / Double(needs.rate))
      return "sound      \(needs.rate) Hz, windows of \(window) s every \(hop) s, \(needs.parts) steps each"
    }
    return [
      "space      \(model.space.rawValue)", "semantic   \(model.isSemantic)",
      model.pictures.map { "pictures   \($0.rate) per second" }, sound, "products   \(choice.products)",
      "precision  \(choice.precision)", "sha256     \(choice.sha256)",
    ].compactMap { $0 } + choice.programs.map { "program    \($0.hello.line)" }
  }
}

extension ModelPlace {
  fileprivate var words: String {
    switch self {
    case .builtin: "builtin"
    case .checkpoint(let path): "checkpoint \(path)"
    case .recipe(let path): "recipe \(path)"
    }
  }

  fileprivate func object(_ name: String) -> JSON {
    let (kind, path) =
      switch self {
      case .builtin: ("builtin", "")
      case .checkpoint(let path): ("checkpoint", path)
      case .recipe(let path): ("recipe", path)
      }
    return .object([("name", .text(name)), ("kind", .text(kind)), ("path", .text(path))])
  }
}

/// One plain input for every encoder of a model.
struct Trial {
  private let model: any Model

  init(_ model: any Model) { self.model = model }

  static let text = "two dogs on a beach"

  /// Says what a model encodes, and its hash.
  /// - Throws: `Failure` 78 for a model that cannot be used.
  static func check(_ name: String, _ engine: EngineWish) throws {
    let choice = try ModelChoice(name, engine, threads: 2, keeper: .command(.shared))
    defer { choice.close() }
    for (modality, vector) in try Trial(choice.model).vectors() {
      guard let vector else {
        throw Failure(message: "\(name): \(modality.rawValue): the encoder gave no answer", exitCode: 78)
      }
      guard vector.allSatisfy(\.isFinite) else {
        throw Failure(message: "\(name): \(modality.rawValue): the vector is not finite", exitCode: 78)
      }
      let dimensions = choice.model.size(modality)?.dimensions ?? 0
      try StandardOutput.line("\(modality.rawValue)  \(dimensions) dimensions  ok")
    }
    for program in choice.programs { try StandardOutput.line("program \(program.hello.line)") }
    try StandardOutput.line("sha256  \(choice.sha256)")
  }

  /// As the model gives them, not normalised; nil where an encoder had no answer.
  func vectors() throws -> [(modality: Modality, vector: [Float]?)] {
    var vectors: [(Modality, [Float]?)] = []
    if let needs = model.sound, var encoder = try model.makeSoundEncoder() {
      vectors.append((.audio, try encoder.encode(EncoderInput(Self.sound(needs), slot: Slot(.audio)))?.vector))
    }
    if var encoder = try model.makePictureEncoder() {
      vectors.append((.video, try encoder.encode(EncoderInput(Self.picture, slot: Slot(.video)))?.vector))
    }
    if var encoder = try model.makeTextEncoder() {
      vectors.append((.text, try encoder.encode(EncoderInput(Self.text, slot: Slot(.text)))?.vector))
    }
    return vectors
  }

  /// A chirp over the whole window.
  static func sound(_ needs: SoundNeeds) -> SoundChunk {
    var phase = 0.0
    let samples = (0..<needs.receptive).map { n -> Float in
      phase += 0.02 + 0.2 * Double(n) / Double(needs.receptive)
      return Float((phase - phase.rounded()) * 0.5)
    }
    return SoundChunk(
      index: 0, samples: samples, content: [0..<needs.receptive], body: needs.lookback..<needs.lookback + needs.hop)
  }

  /// Slopes of 1280 × 720 pixels.
  static let picture: RGBImage = {
    var pixels: [UInt8] = []
    for y in 0..<720 {
      for x in 0..<1280 { pixels += [UInt8(x / 6), UInt8(y / 3), UInt8((x + y) / 8)] }
    }
    return RGBImage(width: 1280, height: 720, pixels: pixels)
  }()
}
