package import Linear
package import Media

/// One encoder of a checkpoint: its weights, shared by all who run it.
package protocol Tower<Input>: Sendable {
  associatedtype Input
  /// Length of its vectors, as the model gives them: not normalised.
  var dimensions: Int { get }
  /// A runner with buffers of its own, for one thread.
  func makeRunner() -> any TowerRunner<Input>
}

/// Turns a batch into vectors; keeps its buffers from call to call.
package protocol TowerRunner<Input> {
  associatedtype Input
  /// → [inputs, dimensions]; of sound [inputs · steps, dimensions].
  mutating func encode(_ inputs: [Input]) throws(LinearError) -> Matrix
}

/// A sound encoder hears windows of a fixed length and says something of each of its equal parts.
package protocol SoundTower: Tower where Input == [Float] {
  /// Samples per second.
  var rate: Int { get }
  /// Samples of one window; shorter inputs are extended as the model's own feature extractor does.
  var window: Int { get }
  /// Equal parts of a window, each with a vector of its own.
  var steps: Int { get }
}

/// The encoders that a checkpoint has.
package struct Towers: Sendable {
  package var picture: (any Tower<RGBImage>)?
  package var sound: (any SoundTower)?
  package var text: (any Tower<String>)?
  /// Whether vectors of different modalities can be compared.
  package var space: VectorSpace

  /// Windows of sound in one product: memory stays bounded, and a window is work enough for all threads.
  static let soundsTogether = 4

  package init(
    picture: (any Tower<RGBImage>)? = nil, sound: (any SoundTower)? = nil, text: (any Tower<String>)? = nil,
    space: VectorSpace
  ) {
    self.picture = picture
    self.sound = sound
    self.text = text
    self.space = space
  }
}
