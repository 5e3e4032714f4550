import Config
import Digest
import Encode
import Linear
import Media

/// The encoders of a model and where they come from.
struct ModelParts {
  private let engine: Engine
  private(set) var programs: [ExternalPart] = []
  private var towers: Towers
  private var pictureRate: Ratio?
  private var audio: Recipe.Audio?
  private var hashes: [String] = []

  var sha256: String { SHA256.hex(Array(hashes.joined(separator: "\n").utf8)) }

  /// Who multiplies.
  var products: String { hasCheckpoints ? engine.description : "none" }

  /// Why it is not who `auto` would have chosen.
  var refusal: String? { hasCheckpoints ? engine.refusal : nil }

  private var hasCheckpoints: Bool { towers.picture != nil || towers.sound != nil || towers.text != nil }

  /// The wanted encoders of one checkpoint.
  init(_ path: String, _ engine: Engine, _ wanted: Set<Modality>) throws {
    self.engine = engine
    towers = try Self.load(path, engine, wanted)
    hashes = ["all \(try FileHashes.ofFolder(path))"]
  }

  /// One encoder for each wanted modality that the recipe names.
  /// - Parameter folder: of the recipe.
  init(
    _ recipe: Recipe, in folder: String, _ engine: Engine, _ wanted: Set<Modality>, isDeterministic: Bool,
    _ keeper: ProgramKeeper
  ) throws {
    self.engine = engine
    towers = Towers(space: .separate)
    pictureRate = recipe.video?.fps
    audio = recipe.audio
    var spaces: [String: VectorSpace] = [:]
    for (modality, origin) in recipe.encoders where wanted.contains(modality) {
      let place = "recipe \(recipe.name): \(modality.rawValue)"
      switch origin {
      case .model(let name):
        let (path, space) = try add(name, modality, of: recipe.name)
        spaces[path] = space
      case .program(let program):
        let part = try ExternalPart(
          program, modality, place: place, folder: folder, isDeterministic: isDeterministic, keeper)
        programs.append(part)
        hashes.append("\(modality.rawValue) \(SHA256.hex(Array(part.identity.utf8)))")
      }
    }
    if let audio { hashes.append("hop \(audio.hop.map { "\($0.flicks)" } ?? "window")") }
    if spaces.count == 1, spaces.values.first == .joint { towers.space = .joint }
  }

  func model(name: String) throws -> any Model {
    let checkpoints: CheckpointModel
    do throws(LinearError) {
      checkpoints = try CheckpointModel(
        name: name, towers, pictureRate: pictureRate ?? Ratio(2), soundHop: audio?.hop)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
    guard !programs.isEmpty else { return checkpoints }
    return try MixedModel(checkpoints, programs, pictureRate: pictureRate, audio: audio)
  }

  /// The one encoder of a checkpoint that the recipe asks for.
  private mutating func add(
    _ name: String, _ modality: Modality, of recipe: String
  ) throws -> (path: String, space: VectorSpace) {
    guard case .checkpoint(let path) = try ModelPlace(name) else {
      throw Failure(message: "recipe \(recipe): \(modality.rawValue): \(name) is no checkpoint", exitCode: 78)
    }
    hashes.append("\(modality.rawValue) \(try FileHashes.ofFolder(path))")
    let fresh = try Self.load(path, engine, [modality])
    switch modality {
    case .video: towers.picture = fresh.picture
    case .audio: towers.sound = fresh.sound
    case .text: towers.text = fresh.text
    }
    guard fresh.has(modality) else {
      throw Failure(message: "recipe \(recipe): \(name) has no encoder for \(modality.rawValue)", exitCode: 78)
    }
    if let tower = fresh.sound, let asked = audio?.window {
      let window = TimeSpan(ticks: Int64(tower.window), Ratio(1, Int64(tower.rate)))
      guard asked == window else {
        throw Failure(message: "recipe \(recipe): the window of \(name) is \(window.seconds) s", exitCode: 78)
      }
    }
    return (path, fresh.space)
  }

  private static func load(_ path: String, _ engine: Engine, _ wanted: Set<Modality>) throws -> Towers {
    do throws(LinearError) {
      return try Towers.load(CheckpointFolder(path, wanted: wanted), engine)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }
}

extension Recipe {
  /// What it names, in the order of its hash.
  fileprivate var encoders: [(modality: Modality, origin: EncoderOrigin)] {
    [(Modality.video, video?.encoder), (.audio, audio?.encoder), (.text, text?.encoder)].compactMap {
      modality, origin in origin.map { (modality, $0) }
    }
  }
}

extension Towers {
  fileprivate func has(_ modality: Modality) -> Bool {
    switch modality {
    case .video: picture != nil
    case .audio: sound != nil
    case .text: text != nil
    }
  }
}
