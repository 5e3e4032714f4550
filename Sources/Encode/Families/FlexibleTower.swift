import Linear
import Media

/// A vision transformer over grids of any shape.
struct FlexibleTransformer: Sendable {
  let processor: ImageProcessor
  let fit: PatchFit
  /// No bias: that of the checkpoint is part of the positions.
  let product: Dense
  let positions: PositionGrid
  let blocks: [TransformerBlock]
  let norm: LayerNorm
  let head: ProbeHead
  let engine: Engine
}

/// Encodes pictures of any size by a `FlexibleTransformer`. They are not padded to one length: a picture's tokens see
/// only each other, so that gives the same vectors.
struct FlexibleTower: Tower {
  let model: FlexibleTransformer

  /// Pictures in one product: memory stays bounded.
  static let together = 8

  var dimensions: Int { model.product.outputs }

  func makeRunner() -> any TowerRunner<RGBImage> { FlexibleRunner(model) }
}

private struct FlexibleRunner: TowerRunner {
  /// Shapes whose positions are kept.
  private static let keptGrids = 16
  private let model: FlexibleTransformer
  private var preparer: PicturePreparer
  private var stretched: [PatchFit.Grid: Matrix] = [:]
  private var patches = Matrix()
  private var positions = Matrix()
  private var x = Matrix()
  private var vectors = Matrix()
  private var scratch = BlockScratch()
  private var probe = ProbeMemory()

  init(_ model: FlexibleTransformer) {
    self.model = model
    preparer = PicturePreparer(model.processor)
  }

  mutating func encode(_ images: [RGBImage]) throws(LinearError) -> Matrix {
    var all = Matrix(rows: images.count, columns: model.product.outputs)
    for first in stride(from: 0, to: images.count, by: FlexibleTower.together) {
      run(try prepare(images[first..<min(images.count, first + FlexibleTower.together)]))
      all.copy(vectors, at: first)
    }
    return all
  }

  /// patches, positions → vectors
  private mutating func run(_ sequences: Sequences) {
    model.product.apply(patches, to: &x)
    x.add(positions)
    model.blocks.apply(to: &x, sequences, scratch: &scratch)
    model.norm.apply(to: &x, engine: model.engine)
    model.head.apply(x, sequences, to: &vectors, memory: &probe)
  }

  /// → patches, positions
  private mutating func prepare(_ images: ArraySlice<RGBImage>) throws(LinearError) -> Sequences {
    for image in images { try image.checkSize() }
    let grids = images.map { model.fit.grid(width: $0.width, height: $0.height) }
    let sequences = Sequences(lengths: grids.map(\.count))
    patches.resize(rows: sequences.rows, columns: model.product.inputs)
    positions.resize(rows: sequences.rows, columns: model.product.outputs)
    for (index, (image, grid)) in zip(images, grids).enumerated() {
      let row = sequences[index].lowerBound
      cut(image, grid, at: row)
      positions.copy(stretch(grid), at: row)
    }
    return sequences
  }

  private mutating func cut(_ image: RGBImage, _ grid: PatchFit.Grid, at row: Int) {
    let side = model.fit.patch, width = grid.across * side, height = grid.down * side
    let window = PixelRect(left: 0, top: 0, width: width, height: height)
    let source = PixelRect(left: 0, top: 0, width: image.width, height: image.height)
    preparer.draw(
      image,
      PicturePlacement(
        request: .init(source: source, width: width, height: height, window: window),
        canvas: .init(width: width, height: height), left: 0, top: 0))
    preparer.cut(side, width: width, height: height, .pixels, to: &patches, at: row)
  }

  private mutating func stretch(_ grid: PatchFit.Grid) -> Matrix {
    if let kept = stretched[grid] { return kept }
    if stretched.count == Self.keptGrids { stretched.removeAll(keepingCapacity: true) }
    let made = model.positions.stretched(to: grid)
    stretched[grid] = made
    return made
  }
}
