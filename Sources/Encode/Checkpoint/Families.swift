package import Linear

extension Towers {
  /// The families that are proven equal to their reference, and how each is loaded.
  private static let families:
    [(types: [String], load: @Sendable (CheckpointFolder, Engine) throws(LinearError) -> Towers)] = [
      (AST.families, AST.load), (BERT.families, BERT.load), (CLAP.families, CLAP.load), (CLIP.families, CLIP.load),
      (EfficientNetLite.families, EfficientNetLite.load), (SigLIP.families, SigLIP.load),
      (SigLIP2.families, SigLIP2.load), (Whisper.families, Whisper.load),
    ]

  /// Values of `model_type` that are known here.
  package static var knownTypes: [String] { families.flatMap(\.types).sorted() }

  /// The encoders of a checkpoint, by its `model_type`.
  /// - Throws: `LinearError` naming file and tensor or key; also for a family that is not known here.
  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    guard let family = families.first(where: { $0.types.contains(folder.family) }) else {
      throw .file(
        path: "\(folder.path)/config.json",
        reason:
          "model_type \(folder.family.prefix(64).debugDescription) is none of \(knownTypes.joined(separator: ", "))")
    }
    var towers = try family.load(folder, engine)
    towers.picture = towers.picture.map { SharedTower(tower: $0, engine: engine) }
    towers.text = towers.text.map { SharedTower(tower: $0, engine: engine) }
    return towers
  }
}
