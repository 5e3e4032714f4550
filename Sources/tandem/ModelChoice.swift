import ArgumentParser
import Config
import Digest
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
  ///   - wish: made when a checkpoint needs it.
  ///   - wanted: nothing else is loaded or started.
  ///   - isDeterministic: what programs are told, and asked one by one for.
  ///   - keeper: for whom programs run.
  /// - Throws: `Failure` 78 for a model that is not there or cannot be used.
  init(
    _ name: String, _ wish: EngineWish, threads: Int, wanted: Set<Modality> = Set(Modality.allCases),
    isDeterministic: Bool = false, keeper: ProgramKeeper
  ) throws {
    switch try ModelPlace(name) {
    case .builtin:
      guard wish.precision == .f32 else { throw Failure.usage("builtin computes in f32 alone") }
      model = BuiltinModel()
      sha256 = SHA256.hex(Array(model.name.utf8))
      (fuse, products, precision, programs) = (nil, "none", "f32", [])
    case .checkpoint(let path):
      let parts = try ModelParts(path, wish.engine(threads: threads), wanted)
      (model, sha256, fuse) = (try parts.model(name: lastComponent(path)), parts.sha256, nil)
      (products, precision, programs) = (parts.products, wish.precision.rawValue, [])
      Self.tell(parts)
    case .recipe(let path):
      let recipe = try Recipe.read(path)
      let parts = try ModelParts(
        recipe, in: folder(of: path), wish.engine(threads: threads), wanted, isDeterministic: isDeterministic, keeper)
      (model, sha256, fuse) = (try parts.model(name: recipe.name), parts.sha256, recipe.fuse.flatMap(Fuser.Kind.init))
      (products, precision, programs) = (parts.products, wish.precision.rawValue, parts.programs)
      Self.tell(parts)
    }
  }

  /// Who asked for the fastest hears why it is another.
  private static func tell(_ parts: ModelParts) {
    if let refusal = parts.refusal { Messages.warning("products by \(parts.products): \(refusal)") }
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

  var wish: EngineWish { EngineWish(products: blas, precision: precision) }
}

/// Which engine is asked for.
struct EngineWish: Sendable {
  var products: Engine.Products
  var precision: Engine.Precision

  /// - Throws: `Failure` 78 for an engine that is not there.
  func engine(threads: Int) throws -> Engine {
    do throws(LinearError) {
      return try Engine(products, threads: threads, precision: precision)
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }
}

extension Engine.Products: ExpressibleByArgument {}
extension Engine.Precision: ExpressibleByArgument {}

/// Where relative names in a file begin.
private func folder(of path: String) -> String {
  path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
}

func lastComponent(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
