import Linear
import Media

/// Encodes pictures of any size by a `PictureTransformer`.
struct PictureTower: Tower {
  let model: PictureTransformer
  let dimensions: Int

  /// Pictures in one product: more do not make it faster, and memory stays bounded.
  static let together = 8

  func makeRunner() -> any TowerRunner<RGBImage> { PictureRunner(model, dimensions: dimensions) }
}

private struct PictureRunner: TowerRunner {
  private let model: PictureTransformer
  private let dimensions: Int
  private var preparer: PicturePreparer
  private var memory = PictureTransformerMemory()
  private var vectors = Matrix()

  init(_ model: PictureTransformer, dimensions: Int) {
    self.model = model
    self.dimensions = dimensions
    preparer = PicturePreparer(model.processor)
  }

  mutating func encode(_ images: [RGBImage]) throws(LinearError) -> Matrix {
    var all = Matrix(rows: images.count, columns: dimensions)
    for first in stride(from: 0, to: images.count, by: PictureTower.together) {
      let some = images[first..<min(images.count, first + PictureTower.together)]
      try prepare(some)
      memory.run(model, pictures: some.count, to: &vectors)
      all.copy(vectors, at: first)
    }
    return all
  }

  private mutating func prepare(_ images: ArraySlice<RGBImage>) throws(LinearError) {
    let grid = model.grid, tokens = model.embedding.tokens, picture = grid.picture(of: model.processor)
    memory.patches.resize(rows: images.count * tokens, columns: grid.samples)
    for (index, image) in images.enumerated() {
      try preparer.draw(image)
      for row in 0..<model.classes {
        memory.patches.withMutableRow(index * tokens + row) { $0.update(repeating: 0) }
      }
      preparer.cut(
        grid.patch, width: picture.width, height: picture.height, .planes, to: &memory.patches,
        at: index * tokens + model.classes)
    }
  }
}

extension PatchGrid {
  /// The canvas; a border narrower than a patch is left over, as a convolution leaves it.
  fileprivate func picture(of processor: ImageProcessor) -> ImageProcessor.Size {
    processor.size ?? .init(width: picture, height: picture)
  }
}
