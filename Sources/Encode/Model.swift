package import Media

/// An embedding model: what it asks of the seam, what its encoders make of it, and how the steps of a window
/// become that window's vector.
///
/// A window's vector is `embed(modality, pooled)`, where `pooled` is the mean of the steps that overlap the window,
/// weighted by overlap × valid. So whatever a model wants to say of a window must be a function of that mean.
package protocol Model: Sendable {
  var name: String { get }
  /// Whether nearness in its space means likeness of meaning.
  var isSemantic: Bool { get }
  var space: VectorSpace { get }
  /// Nil where the model has no encoder for sound.
  var sound: SoundNeeds? { get }
  /// Nil where the model has no encoder for pictures.
  var pictures: PictureNeeds? { get }
  /// The lengths of its vectors; nil where it has no encoder for this modality.
  func size(_ modality: Modality) -> VectorSize?
  /// A new encoder for one track of one epoch; nil where `sound` is.
  func makeSoundEncoder() throws -> (any FeatureEncoder<SoundChunk>)?
  /// A new encoder for one track of one epoch; nil where `pictures` is.
  func makePictureEncoder() throws -> (any FeatureEncoder<RGBImage>)?
  /// Whether each picture is encoded by itself: then one encoder serves all tracks, and takes pictures in batches.
  var encodesPicturesAlone: Bool { get }
  /// An encoder of cues and queries; nil where there is none.
  func makeTextEncoder() throws -> (any FeatureEncoder<String>)?
  /// pooled: [step] → L2-normalised [dimensions]; nil when its norm is zero.
  func embed(_ modality: Modality, pooled: [Float]) -> [Float]?
}

extension Model {
  package var encodesPicturesAlone: Bool { false }
  package func makeTextEncoder() throws -> (any FeatureEncoder<String>)? { nil }
}

/// Turns sound chunks, pictures or texts into features. Stateful: it sees one track of one epoch, in order.
package protocol FeatureEncoder<Input> {
  associatedtype Input
  /// One answer for each, in order; nil where the encoder has none. That costs this input's step and no other, and
  /// whoever gives nil counts it.
  mutating func encode(_ inputs: [EncoderInput<Input>]) throws -> [Features?]
  /// What the input of the call before gives when it is shown again, from what it gave then. Nothing is computed
  /// anew; by default the same features.
  func again(_ features: Features) -> Features
}

extension FeatureEncoder {
  package mutating func encode(_ input: EncoderInput<Input>) throws -> Features? { try encode([input])[0] }

  package func again(_ features: Features) -> Features { features }
}

/// An encoder that looks at the content alone, wherever it stands, and has an answer for all of it.
package protocol ContentEncoder<Input>: FeatureEncoder {
  mutating func encode(_ content: Input) throws -> Features
  /// Several in order, for encoders that do them better together; by default one after the other.
  mutating func encode(_ contents: [Input]) throws -> [Features]
}

extension ContentEncoder {
  package mutating func encode(_ contents: [Input]) throws -> [Features] {
    var all: [Features] = []
    for content in contents { all.append(try encode(content)) }
    return all
  }

  package mutating func encode(_ inputs: [EncoderInput<Input>]) throws -> [Features?] {
    try encode(inputs.map(\.content))
  }
}

/// What an encoder says about one input; becomes a `Step`.
package struct Features: Sendable, Equatable {
  /// [step], unnormalised; of a sound chunk [parts · step].
  package var vector: [Float]
  /// See `Step.quality`.
  package var quality: Float

  package init(vector: [Float], quality: Float) {
    self.vector = vector
    self.quality = quality
  }
}

/// Whether the modalities of a model share one space, so that their vectors can be compared.
package enum VectorSpace: String, Sendable {
  case joint, separate
}

/// The length of a window's vector and that of a step's.
package struct VectorSize: Hashable, Sendable {
  package var dimensions: Int
  package var stepDimensions: Int

  package init(dimensions: Int, stepDimensions: Int) {
    self.dimensions = dimensions
    self.stepDimensions = stepDimensions
  }
}

/// How a sound encoder wants its samples. Chunk k stands for samples `[k·hop, (k+1)·hop)` of the epoch, and is
/// computed from `lookback` samples before them up to `lookahead` samples after them. Samples that do not exist
/// (before the epoch, in gaps, after its end) are zero, and the chunk says so. A chunk gives one step for each of
/// its `parts`.
package struct SoundNeeds: Hashable, Sendable {
  /// Samples per second.
  package var rate: Int
  /// Samples.
  package var hop: Int
  package var lookback: Int
  package var lookahead: Int
  /// Equal parts of `hop`.
  package var parts: Int

  package init(rate: Int, hop: Int, lookback: Int, lookahead: Int, parts: Int = 1) {
    precondition(rate > 0 && hop > 0 && lookback >= 0 && lookahead >= 0, "sound needs are lengths")
    precondition(parts > 0 && hop.isMultiple(of: parts), "parts are equal")
    self.rate = rate
    self.hop = hop
    self.lookback = lookback
    self.lookahead = lookahead
    self.parts = parts
  }

  /// Samples that one chunk sees.
  package var receptive: Int { lookback + hop + lookahead }

  /// How long after the beginning of a step its vector is known, at most, without the step's own length.
  package var delay: TimeSpan { TimeSpan(ticks: Int64(hop - hop / parts + lookahead), Ratio(1, Int64(rate))) }

  /// The stretch that part `part` of chunk `index` describes.
  func interval(_ index: Int64, part: Int) -> Interval {
    let length = Int64(hop / parts)
    let first = index * Int64(hop) + Int64(part) * length
    return interval(first..<first + length)
  }

  /// The stretch that chunk `index` describes.
  func interval(_ index: Int64) -> Interval { interval(index * Int64(hop)..<(index + 1) * Int64(hop)) }

  private func interval(_ samples: Range<Int64>) -> Interval {
    let rate = Ratio(Int64(rate))
    return Interval(Instant(index: samples.lowerBound, rate: rate), Instant(index: samples.upperBound, rate: rate))
  }
}

/// How a picture encoder wants its pictures: at any size, it shrinks them itself.
package struct PictureNeeds: Hashable, Sendable {
  /// Pictures per second, where the user asks for no other rate.
  package var rate: Ratio

  package init(rate: Ratio) { self.rate = rate }
}
