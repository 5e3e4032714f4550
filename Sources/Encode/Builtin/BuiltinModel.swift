package import Media

/// `builtin/1`: classical descriptors, no weights, no claim of meaning. docs/builtin.md gives every number; a change
/// of any of them is `builtin/2`.
package struct BuiltinModel: Model {
  private let tables = SoundTables()

  package init() {}

  package var name: String { "builtin/1" }
  package var isSemantic: Bool { false }
  package var space: VectorSpace { .separate }
  package var sound: SoundNeeds? { SoundTables.needs }
  package var pictures: PictureNeeds? { PictureNeeds(rate: Ratio(2)) }

  package func size(_ modality: Modality) -> VectorSize? {
    switch modality {
    case .audio: VectorSize(dimensions: BuiltinSoundVector.dimensions, stepDimensions: BuiltinSoundStep.count)
    case .video: VectorSize(dimensions: BuiltinPicture.dimensions, stepDimensions: BuiltinPicture.dimensions)
    case .text: nil
    }
  }

  package func makeSoundEncoder() -> (any FeatureEncoder<SoundChunk>)? { BuiltinSoundEncoder(tables) }

  package func makePictureEncoder() -> (any FeatureEncoder<RGBImage>)? { BuiltinPictureEncoder() }

  package func embed(_ modality: Modality, pooled: [Float]) -> [Float]? {
    precondition(pooled.count == size(modality)?.stepDimensions, "pooled has the length of a step")
    let values = pooled.map { Double($0) }
    return unit(modality == .audio ? BuiltinSoundVector.blocks(values) : values)
  }
}
