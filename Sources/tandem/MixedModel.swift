import Config
import Encode
import External
import Media

/// A recipe's model of which other programs are parts; the rest are checkpoints.
struct MixedModel: Model {
  let name: String
  let space: VectorSpace
  let isSemantic: Bool
  let sound: SoundNeeds?
  let pictures: PictureNeeds?
  private let checkpoints: CheckpointModel
  private let programs: [Modality: ExternalPart]

  /// - Parameters:
  ///   - pictureRate: as the recipe wants it.
  ///   - audio: as the recipe wants it.
  /// - Throws: `Failure` 78 for rates and lengths that cannot be.
  init(
    _ checkpoints: CheckpointModel, _ parts: [ExternalPart], pictureRate: Ratio?, audio: Recipe.Audio?
  ) throws {
    name = checkpoints.name
    self.checkpoints = checkpoints
    programs = Dictionary(uniqueKeysWithValues: parts.map { ($0.modality, $0) })
    let isAlone = Modality.allCases.allSatisfy { checkpoints.size($0) == nil }
    let spaces = Set(parts.map(\.hello.space))
    let isJoint = isAlone && parts.count > 1 && spaces.count == 1 && spaces.first! != nil
    space = isJoint ? .joint : .separate
    isSemantic = parts.allSatisfy { $0.hello.semantic ?? false }
    pictures = try programs[.video].map { try $0.pictureNeeds(rate: pictureRate) } ?? checkpoints.pictures
    sound = try programs[.audio].map { try $0.soundNeeds(audio) } ?? checkpoints.sound
  }

  var encodesPicturesAlone: Bool { true }

  func size(_ modality: Modality) -> VectorSize? { programs[modality]?.size ?? checkpoints.size(modality) }

  func makeSoundEncoder() -> (any FeatureEncoder<SoundChunk>)? {
    guard let program = programs[.audio], let sound else { return checkpoints.makeSoundEncoder() }
    return ExternalSoundEncoder(program: program, needs: sound)
  }

  func makePictureEncoder() -> (any FeatureEncoder<RGBImage>)? {
    programs[.video].map { ExternalPictureEncoder($0) } ?? checkpoints.makePictureEncoder()
  }

  func makeTextEncoder() -> (any FeatureEncoder<String>)? {
    programs[.text].map { ExternalTextEncoder(program: $0) } ?? checkpoints.makeTextEncoder()
  }

  func embed(_ modality: Modality, pooled: [Float]) -> [Float]? { checkpoints.embed(modality, pooled: pooled) }
}

extension ExternalPart {
  fileprivate func pictureNeeds(rate asked: Ratio?) throws -> PictureNeeds {
    if let asked { return PictureNeeds(rate: asked) }
    guard let spelling = hello.fps else { return PictureNeeds(rate: Ratio(2)) }
    guard let rate = Ratio(spelt: spelling.text) else { throw wrong("fps: \(spelling.text) is no rate") }
    return PictureNeeds(rate: rate)
  }

  /// How often a sample is sent at most.
  private static let overlapLimit = 1000
  /// Samples of a window: 128 MB.
  private static let sampleLimit = 1 << 25

  /// A window stands for its middle, as long as the hop.
  fileprivate func soundNeeds(_ asked: Recipe.Audio?) throws -> SoundNeeds {
    // The handshake was refused without rate and window.
    let (rate, length) = (hello.rate!, try span("window", hello.window!))
    if let asked = asked?.window, asked != length {
      throw wrong("window is \(length.seconds) s, not the recipe's")
    }
    let window = try samples("window", length, rate)
    let hop =
      try (asked?.hop ?? hello.hop.map { try span("hop", $0) }).map { try samples("hop", $0, rate) }
      ?? window
    guard hop <= window else { throw wrong("hop is longer than the window") }
    guard window / hop <= Self.overlapLimit else { throw wrong("window is more than \(Self.overlapLimit) hops") }
    let lookback = (window - hop) / 2
    return SoundNeeds(rate: rate, hop: hop, lookback: lookback, lookahead: window - hop - lookback)
  }

  private func span(_ key: String, _ spelling: Spelling) throws -> TimeSpan {
    guard let length = TimeSpan(spelt: spelling.text) else {
      throw wrong("\(key): \(spelling.text) is no length of time")
    }
    return length
  }

  private func samples(_ key: String, _ span: TimeSpan, _ rate: Int) throws -> Int {
    let tick = Ratio(1, Int64(rate))
    let count = span.ticks(tick)
    guard count > 0, span <= TimeSpan(seconds: 600) else { throw wrong("\(key) is not between 0 and 10 minutes") }
    guard count <= Self.sampleLimit else { throw wrong("\(key) is more than \(Self.sampleLimit) samples") }
    guard TimeSpan(ticks: count, tick) == span else { throw wrong("\(key) is not a whole number of samples") }
    return Int(count)
  }

  private func wrong(_ what: String) -> Failure {
    Failure(message: "\(modality.rawValue) encoder \(hello.name): handshake: \(what)", exitCode: 78)
  }
}
