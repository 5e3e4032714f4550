package import Linear
package import Media

/// A model made of checkpoints: at most one encoder for each modality.
package struct CheckpointModel: Model {
  package let name: String
  package let space: VectorSpace
  package let pictures: PictureNeeds?
  package let sound: SoundNeeds?
  private let towers: Towers
  /// Where the parts of a chunk that are its own begin among the tower's steps.
  private let firstStep: Int

  /// - Parameters:
  ///   - pictureRate: pictures per second, where the user asks for no other rate.
  ///   - soundHop: how far apart the windows of the sound encoder begin; nil: they stand side by side.
  /// - Throws: `LinearError.engine` when the hop is longer than the encoder's window, or cuts its steps.
  package init(name: String, _ towers: Towers, pictureRate: Ratio, soundHop: TimeSpan?) throws(LinearError) {
    self.name = name
    self.towers = towers
    space = towers.space
    pictures = towers.picture.map { _ in PictureNeeds(rate: pictureRate) }
    guard let tower = towers.sound else {
      (sound, firstStep) = (nil, 0)
      return
    }
    guard let hop = Self.hop(soundHop, tower) else {
      throw .engine(reason: "\(name): the hop of the sound encoder is no part of its window of whole steps")
    }
    let parts = max(1, hop * tower.steps / tower.window)
    firstStep = (tower.steps - parts) / 2
    let lookback = tower.steps == 1 ? (tower.window - hop) / 2 : firstStep * (tower.window / tower.steps)
    sound = SoundNeeds(
      rate: tower.rate, hop: hop, lookback: lookback, lookahead: tower.window - hop - lookback, parts: parts)
  }

  /// Samples; nil where the encoder's steps cannot be cut so. A window that says one thing stands for its middle,
  /// however long; of several steps whole ones are taken.
  private static func hop(_ span: TimeSpan?, _ tower: any SoundTower) -> Int? {
    guard let span else { return tower.window }
    let hop = Int(span.ticks(Ratio(1, Int64(tower.rate))))
    guard hop > 0, hop <= tower.window else { return nil }
    return tower.steps == 1 || hop.isMultiple(of: tower.window / tower.steps) ? hop : nil
  }

  package var isSemantic: Bool { true }
  package var encodesPicturesAlone: Bool { true }

  package func size(_ modality: Modality) -> VectorSize? {
    let dimensions =
      switch modality {
      case .audio: towers.sound?.dimensions
      case .video: towers.picture?.dimensions
      case .text: towers.text?.dimensions
      }
    return dimensions.map { VectorSize(dimensions: $0, stepDimensions: $0) }
  }

  package func makeSoundEncoder() -> (any FeatureEncoder<SoundChunk>)? {
    guard let tower = towers.sound, let sound else { return nil }
    return SoundTowerEncoder(tower.makeRunner(), steps: firstStep..<firstStep + sound.parts, of: tower.steps)
  }

  package func makePictureEncoder() -> (any FeatureEncoder<RGBImage>)? {
    towers.picture.map { PictureTowerEncoder($0.makeRunner()) }
  }

  package func makeTextEncoder() -> (any FeatureEncoder<String>)? {
    towers.text.map { TextTowerEncoder($0.makeRunner()) }
  }

  package func embed(_ modality: Modality, pooled: [Float]) -> [Float]? { unit(pooled.map(Double.init)) }
}

private struct PictureTowerEncoder: ContentEncoder {
  typealias Input = RGBImage

  private var runner: any TowerRunner<RGBImage>
  private var luma = LumaMeter()

  init(_ runner: any TowerRunner<RGBImage>) { self.runner = runner }

  mutating func encode(_ image: RGBImage) throws -> Features { try encode([image])[0] }

  mutating func encode(_ images: [RGBImage]) throws -> [Features] {
    let vectors = try runner.encode(images)
    return images.indices.map { Features(vector: Array(vectors.row($0)), quality: luma.variance(images[$0])) }
  }
}

private struct SoundTowerEncoder: ContentEncoder {
  typealias Input = SoundChunk

  private var runner: any TowerRunner<[Float]>
  private let steps: Range<Int>
  private let total: Int

  /// steps: those that a chunk's own parts take among the `total` of a window.
  init(_ runner: any TowerRunner<[Float]>, steps: Range<Int>, of total: Int) {
    self.runner = runner
    self.steps = steps
    self.total = total
  }

  mutating func encode(_ chunk: SoundChunk) throws -> Features { try encode([chunk])[0] }

  mutating func encode(_ chunks: [SoundChunk]) throws -> [Features] {
    var features: [Features] = []
    for first in stride(from: 0, to: chunks.count, by: Towers.soundsTogether) {
      features += try encode(chunks[first..<min(chunks.count, first + Towers.soundsTogether)])
    }
    return features
  }

  /// What lies behind the last content is not handed over: the tower extends short sound as its model was taught.
  private mutating func encode(_ chunks: ArraySlice<SoundChunk>) throws -> [Features] {
    let vectors = try runner.encode(chunks.map { Array($0.samples[..<($0.content.last?.upperBound ?? 0)]) })
    return chunks.enumerated().map { n, chunk in
      Features(vector: steps.flatMap { vectors.row(n * total + $0) }, quality: chunk.meanPower)
    }
  }
}

private struct TextTowerEncoder: ContentEncoder {
  typealias Input = String

  private var runner: any TowerRunner<String>

  init(_ runner: any TowerRunner<String>) { self.runner = runner }

  mutating func encode(_ text: String) throws -> Features { try encode([text])[0] }

  mutating func encode(_ texts: [String]) throws -> [Features] {
    let vectors = try runner.encode(texts)
    return texts.indices.map { Features(vector: Array(vectors.row($0)), quality: 0) }
  }
}
