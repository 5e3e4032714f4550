package import Linear

extension Towers {
  /// The encoders of a checkpoint, by its `model_type`.
  /// - Throws: `LinearError` naming file and tensor or key; also for a family that is not known here.
  package static func load(_ folder: CheckpointFolder, _ engine: Engine) throws(LinearError) -> Towers {
    switch folder.family {
    default:
      let name = folder.family.prefix(64).debugDescription
      throw .file(path: "\(folder.path)/config.json", reason: "model_type \(name) is not known here")
    }
  }
}
