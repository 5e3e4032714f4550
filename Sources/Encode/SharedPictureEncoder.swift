import Media

/// One picture encoder for many stages: what they wish for is encoded together, whichever stage it is for.
package struct SharedPictureEncoder {
  /// Pictures in a batch: as many as keep any encoder busy, and what one that cannot be encoded sends back.
  static let together = 64

  private let model: any Model
  private var encoder: (any FeatureEncoder<RGBImage>)?

  package init(_ model: any Model) { self.model = model }

  /// Encodes all wishes. Those of a batch that fails stay unanswered: their stages encode each by itself, and the one
  /// that is to blame meets the error again.
  /// - Parameter begin: told before each batch.
  package mutating func encode(_ ahead: inout [PicturesAhead], begin: () -> Void = {}) {
    let wishes = ahead.enumerated().flatMap { stage, pictures in pictures.wishes.map { (stage: stage, input: $0) } }
    for first in stride(from: 0, to: wishes.count, by: Self.together) {
      let batch = wishes[first..<min(wishes.count, first + Self.together)]
      begin()
      guard let answers = answers(to: batch.map(\.input)) else { continue }
      for (wish, features) in zip(batch, answers) { ahead[wish.stage].know(wish.input.content, features) }
    }
  }

  /// Nil where the batch failed, or the model has no encoder.
  private mutating func answers(to inputs: [EncoderInput<RGBImage>]) -> [Features?]? {
    do {
      if encoder == nil { encoder = try model.makePictureEncoder() }
      return try encoder?.encode(inputs)
    } catch {
      encoder = nil  // what state it is in, nobody knows
      return nil
    }
  }
}
