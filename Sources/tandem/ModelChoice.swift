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

  /// - Parameters:
  ///   - name: `builtin`, a checkpoint folder, a recipe, or the name of either under the search path.
  ///   - engine: made when a checkpoint needs it.
  /// - Throws: `Failure` 78 for a model that is not there or cannot be used.
  init(_ name: String, _ options: EngineOptions, threads: Int) throws {
    switch try ModelPlace(name) {
    case .builtin:
      guard options.precision == .f32 else { throw Failure.usage("builtin computes in f32 alone") }
      model = BuiltinModel()
      sha256 = FFmpeg.sha256(Array(model.name.utf8))
      (fuse, products, precision) = (nil, "none", "f32")
    case .checkpoint(let path):
      let parts = try Parts(path, options.engine(threads: threads))
      (model, sha256, fuse) = (try parts.model(name: lastComponent(path)), parts.sha256, nil)
      (products, precision) = (parts.engine.description, options.precision.rawValue)
    case .recipe(let path):
      let recipe = try Recipe.read(path)
      let parts = try Parts(recipe, options.engine(threads: threads))
      (model, sha256, fuse) = (try parts.model(name: recipe.name), parts.sha256, recipe.fuse)
      (products, precision) = (parts.engine.description, options.precision.rawValue)
    }
  }
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
  let engine: Engine
  private var towers: Towers
  private var pictureRate = Ratio(2)
  private var soundHop: TimeSpan?
  private var hashes: [String] = []

  var sha256: String { FFmpeg.sha256(Array(hashes.joined(separator: "\n").utf8)) }

  /// All encoders of one checkpoint.
  init(_ path: String, _ engine: Engine) throws {
    self.engine = engine
    towers = try Self.load(path, engine)
    hashes = ["all \(try FileHashes.ofFolder(path))"]
  }

  /// One encoder for each modality that the recipe names.
  init(_ recipe: Recipe, _ engine: Engine) throws {
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
    func missing(_ modality: Modality, _ name: String) -> Failure {
      Failure(message: "recipe \(recipe.name): \(name) has no encoder for \(modality.rawValue)", exitCode: 78)
    }
    if let video = recipe.video {
      towers.picture = try part(.video, video.model).picture
      guard towers.picture != nil else { throw missing(.video, video.model) }
      pictureRate = video.fps?.ratio ?? pictureRate
    }
    if let audio = recipe.audio {
      towers.sound = try part(.audio, audio.model).sound
      guard let tower = towers.sound else { throw missing(.audio, audio.model) }
      let window = TimeSpan(ticks: Int64(tower.window), Ratio(1, Int64(tower.rate)))
      if let asked = audio.window, asked.span != window {
        throw Failure(
          message: "recipe \(recipe.name): the window of \(audio.model) is \(window.seconds) s", exitCode: 78)
      }
      soundHop = audio.hop?.span
      hashes.append("hop \(soundHop.map { "\($0.flicks)" } ?? "window")")
    }
    if let text = recipe.text {
      towers.text = try part(.text, text.model).text
      guard towers.text != nil else { throw missing(.text, text.model) }
    }
    let spaces = loaded.values.map(\.space)
    if loaded.count == 1, spaces == [.joint] { towers.space = .joint }
  }

  func model(name: String) throws -> CheckpointModel {
    do throws(LinearError) {
      return try CheckpointModel(name: name, towers, pictureRate: pictureRate, soundHop: soundHop)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }

  private static func load(_ path: String, _ engine: Engine) throws -> Towers {
    do throws(LinearError) {
      return try Towers.load(CheckpointFolder(path), engine)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }
}

func lastComponent(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
