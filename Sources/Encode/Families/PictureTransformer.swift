import Linear

/// A vision transformer over a fixed grid of patches, with one vector at its end: CLIP, SigLIP.
struct PictureTransformer: Sendable {
  let processor: ImageProcessor
  let grid: PatchGrid
  let embedding: PatchEmbedding
  /// Before the blocks.
  let entryNorm: LayerNorm?
  let blocks: [TransformerBlock]
  let pooling: PicturePooling
  let engine: Engine

  /// Rows of zeros before the patches, for class tokens.
  var classes: Int { embedding.tokens - grid.patches }
}

/// How the tokens of a picture become its vector.
enum PicturePooling: Sendable {
  /// The class token, normed, projected where the checkpoint has a projection.
  case classToken(norm: LayerNorm, projection: Dense?)
  /// All tokens, normed, then asked by a probe.
  case probe(norm: LayerNorm, head: ProbeHead)
}

/// Pictures in one product after another, some at a time.
struct PictureTransformerMemory {
  var patches = Matrix()
  var x = Matrix()
  var pooled = Matrix()
  var scratch = BlockScratch()
  var probe = ProbeMemory()

  /// patches: [pictures · tokens, patch size] → vectors: [pictures, dimensions]
  mutating func run(_ model: PictureTransformer, pictures: Int, to vectors: inout Matrix) {
    let sequences = Sequences(count: pictures, length: model.embedding.tokens)
    model.embedding.apply(patches, to: &x)
    model.entryNorm?.apply(to: &x, engine: model.engine)
    switch model.pooling {
    case .classToken(let norm, let projection):
      model.blocks.apply(toFirstOf: &x, sequences, to: &pooled, scratch: &scratch)
      norm.apply(pooled, to: &vectors, engine: model.engine)
      guard let projection else { return }
      swap(&pooled, &vectors)
      projection.apply(pooled, to: &vectors)
    case .probe(let norm, let head):
      model.blocks.apply(to: &x, sequences, scratch: &scratch)
      norm.apply(to: &x, engine: model.engine)
      head.apply(x, sequences, to: &vectors, memory: &probe)
    }
  }
}
