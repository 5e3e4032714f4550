import ArgumentParser
import Decode
import Encode
import Fuse
import Glibc
import Linear
import Media

/// A model that was asked for, ready to run, and what its records say of it.
struct ModelChoice: Sendable {
  let model: any Model
  /// Of all files that decide its numbers.
  let sha256: String
  /// As the recipe wants it.
  let fuse: Fuser.Kind?
  /// Who multiplies, `openblas 0.3.21 Haswell`; `none` where nothing is multiplied.
  let products: String
  let precision: String
  /// Encoders that are other programs: whoever chose the model closes them in the end.
  let programs: [ExternalPart]

  /// - Parameters:
  ///   - name: `builtin`, a checkpoint folder, a recipe, or the name of either under the search path.
  ///   - engine: made when a checkpoint needs it.
  ///   - isDeterministic: what programs are told, and asked one by one for.
  /// - Throws: `Failure` 78 for a model that is not there or cannot be used.
  init(_ name: String, _ options: EngineOptions, threads: Int, isDeterministic: Bool = false) throws {
    switch try ModelPlace(name) {
    case .builtin:
      guard options.precision == .f32 else { throw Failure.usage("builtin computes in f32 alone") }
      model = BuiltinModel()
      sha256 = FFmpeg.sha256(Array(model.name.utf8))
      (fuse, products, precision, programs) = (nil, "none", "f32", [])
    case .checkpoint(let path):
      let parts = try Parts(path, options.engine(threads: threads))
      (model, sha256, fuse) = (try parts.model(name: lastComponent(path)), parts.sha256, nil)
      (products, precision, programs) = (parts.products, options.precision.rawValue, [])
    case .recipe(let path):
      let recipe = try Recipe.read(path)
      let parts = try Parts(
        recipe, in: folder(of: path), options.engine(threads: threads), isDeterministic: isDeterministic)
      (model, sha256, fuse) = (try parts.model(name: recipe.name), parts.sha256, recipe.fuse)
      (products, precision, programs) = (parts.products, options.precision.rawValue, parts.programs)
    }
  }

  /// Ends the programs, and tells what they did not answer.
  func close() { for program in programs { program.close() } }
}

/// How the products of checkpoint models are computed.
struct EngineOptions: ParsableArguments {
  @Option(help: "Who multiplies: auto, openblas or onednn (where it is linked).")
  var blas: Engine.Products = .auto

  @Option(help: "f32, or bf16 (by onednn).")
  var precision: Engine.Precision = .f32

  /// - Throws: `Failure` 78 for an engine that is not there.
  func engine(threads: Int) throws -> Engine {
    do throws(LinearError) {
      return try Engine(blas, threads: threads, precision: precision)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }
}

extension Engine.Products: ExpressibleByArgument {}
extension Engine.Precision: ExpressibleByArgument {}

/// The encoders of a model and where they come from.
private struct Parts {
  private let engine: Engine
  private(set) var programs: [ExternalPart] = []
  private var towers: Towers
  private var pictureRate: RateText?
  private var audio: Recipe.Audio?
  private var hashes: [String] = []

  var sha256: String { FFmpeg.sha256(Array(hashes.joined(separator: "\n").utf8)) }

  /// Who multiplies.
  var products: String { hasCheckpoints ? engine.description : "none" }

  private var hasCheckpoints: Bool { towers.picture != nil || towers.sound != nil || towers.text != nil }

  /// All encoders of one checkpoint.
  init(_ path: String, _ engine: Engine) throws {
    self.engine = engine
    towers = try Self.load(path, engine)
    hashes = ["all \(try FileHashes.ofFolder(path))"]
  }

  /// One encoder for each modality that the recipe names.
  /// - Parameter folder: of the recipe.
  init(_ recipe: Recipe, in folder: String, _ engine: Engine, isDeterministic: Bool) throws {
    self.engine = engine
    towers = Towers(space: .separate)
    var loaded: [String: Towers] = [:]
    func part(_ modality: Modality, _ name: String) throws -> Towers {
      guard case .checkpoint(let path) = try ModelPlace(name) else {
        throw Failure(message: "recipe \(recipe.name): \(modality.rawValue): \(name) is no checkpoint", exitCode: 78)
      }
      hashes.append("\(modality.rawValue) \(try FileHashes.ofFolder(path))")
      if let known = loaded[path] { return known }
      let fresh = try Self.load(path, engine)
      loaded[path] = fresh
      return fresh
    }
    func start(_ program: ProgramWords, _ modality: Modality) throws {
      let part = try ExternalPart(
        program, modality, place: "recipe \(recipe.name): \(modality.rawValue)", folder: folder,
        isDeterministic: isDeterministic)
      programs.append(part)
      hashes.append("\(modality.rawValue) \(FFmpeg.sha256(Array(part.identity.utf8)))")
    }
    func missing(_ modality: Modality, _ name: String) -> Failure {
      Failure(message: "recipe \(recipe.name): \(name) has no encoder for \(modality.rawValue)", exitCode: 78)
    }
    func check(_ asked: DurationText?, of name: String, _ samples: Int, rate: Int) throws {
      let window = TimeSpan(ticks: Int64(samples), Ratio(1, Int64(rate)))
      guard let asked, asked.span != window else { return }
      throw Failure(message: "recipe \(recipe.name): the window of \(name) is \(window.seconds) s", exitCode: 78)
    }
    pictureRate = recipe.video?.fps
    audio = recipe.audio
    switch recipe.video?.encoder {
    case .model(let name):
      towers.picture = try part(.video, name).picture
      guard towers.picture != nil else { throw missing(.video, name) }
    case .program(let program): try start(program, .video)
    case nil: break
    }
    switch recipe.audio?.encoder {
    case .model(let name):
      towers.sound = try part(.audio, name).sound
      guard let tower = towers.sound else { throw missing(.audio, name) }
      try check(recipe.audio?.window, of: name, tower.window, rate: tower.rate)
    case .program(let program): try start(program, .audio)
    case nil: break
    }
    if let audio { hashes.append("hop \(audio.hop.map { "\($0.span.flicks)" } ?? "window")") }
    switch recipe.text?.encoder {
    case .model(let name):
      towers.text = try part(.text, name).text
      guard towers.text != nil else { throw missing(.text, name) }
    case .program(let program): try start(program, .text)
    case nil: break
    }
    let spaces = loaded.values.map(\.space)
    if loaded.count == 1, spaces == [.joint] { towers.space = .joint }
  }

  func model(name: String) throws -> any Model {
    let checkpoints: CheckpointModel
    do throws(LinearError) {
      checkpoints = try CheckpointModel(
        name: name, towers, pictureRate: pictureRate?.ratio ?? Ratio(2), soundHop: audio?.hop?.span)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
    guard !programs.isEmpty else { return checkpoints }
    return try MixedModel(checkpoints, programs, pictureRate: pictureRate, audio: audio)
  }

  private static func load(_ path: String, _ engine: Engine) throws -> Towers {
    do throws(LinearError) {
      return try Towers.load(CheckpointFolder(path), engine)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }
}

/// Where relative names in a file begin.
private func folder(of path: String) -> String {
  path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
}

func lastComponent(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
