import Media
import Synchronization
import Testing

@testable import Encode

/// A model whose pictures are encoded in batches, whose sound chunks of 2 s say four things, and which reads.
/// The vector of a picture is its first sample.
final class Batcher: Model {
  let calls = Mutex<[Int]>([])
  /// First samples of pictures without an answer.
  let unanswered: Set<UInt8>
  /// First samples of pictures that cannot be encoded, and spoil their batch.
  let spoiling: Set<UInt8>
  init(unanswered: Set<UInt8> = [], spoiling: Set<UInt8> = []) {
    self.unanswered = unanswered
    self.spoiling = spoiling
  }

  var name: String { "batcher" }
  var isSemantic: Bool { true }
  var space: VectorSpace { .joint }
  var sound: SoundNeeds? { SoundNeeds(rate: 4, hop: 8, lookback: 0, lookahead: 0, parts: 4) }
  var pictures: PictureNeeds? { PictureNeeds(rate: Ratio(2)) }
  var encodesPicturesAlone: Bool { true }
  func size(_ modality: Modality) -> VectorSize? { VectorSize(dimensions: 1, stepDimensions: 1) }
  func makeSoundEncoder() -> (any FeatureEncoder<SoundChunk>)? { Four() }
  func makePictureEncoder() -> (any FeatureEncoder<RGBImage>)? { Pictures(model: self) }
  func makeTextEncoder() -> (any FeatureEncoder<String>)? { Letters() }
  func embed(_ modality: Modality, pooled: [Float]) -> [Float]? { pooled }

  private struct Pictures: FeatureEncoder {
    let model: Batcher
    func encode(_ inputs: [EncoderInput<RGBImage>]) throws -> [Features?] {
      model.calls.withLock { $0.append(inputs.count) }
      return try inputs.map { input in
        let sample = input.content.pixels[0]
        if model.spoiling.contains(sample) { throw Spoilt(sample: sample) }
        return model.unanswered.contains(sample) ? nil : Features(vector: [Float(sample)], quality: 0)
      }
    }
  }

  private struct Four: ContentEncoder {
    typealias Input = SoundChunk

    mutating func encode(_ chunk: SoundChunk) -> Features { Features(vector: [0, 1, 2, 3], quality: 0) }
  }

  private struct Letters: ContentEncoder {
    typealias Input = String

    mutating func encode(_ text: String) -> Features { Features(vector: [Float(text.count)], quality: 0) }
  }
}

struct Spoilt: Error, Equatable {
  let sample: UInt8
}

@Suite struct BatchTests {
  private let model = Batcher()

  private func steps(_ encoded: [Encoded]) -> [Step] {
    encoded.compactMap { if case .step(let step) = $0 { step } else { nil } }
  }

  @Test func thePicturesOfABatchAreEncodedTogetherEachOnce() throws {
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    let (one, two, three) = (Signals.plain(1, 0, 0), Signals.plain(2, 0, 0), Signals.plain(3, 0, 0))
    let reached = Item.mark(.reached(sight, Instant(index: 2, rate: Ratio(2))))
    let first = try stage.accept([picture(one, 0), reached, picture(one, 1), picture(two, 2)])
    let second = try stage.accept([picture(two, 3), picture(three, 4)])
    #expect(steps(first + second).map(\.vector) == [[1], [1], [2], [2], [3]])
    #expect(model.calls.withLock(\.self) == [2, 1])
    guard case .mark(.reached) = first[1] else { return #expect(Bool(false), "marks keep their place") }
  }

  @Test func picturesAreEncodedOneByOneWhereTheLastBitsCount() throws {
    var stage = EncodeStage(model, pictureRate: Ratio(2), together: false)
    let items = (0..<3).map { picture(Signals.plain(UInt8($0), 0, 0), Int64($0)) }
    #expect(steps(try stage.accept(items)).map(\.vector) == [[0], [1], [2]])
    #expect(model.calls.withLock(\.self) == [1, 1, 1])
  }

  @Test func aBatchMayHoldTheEndOfOneSourceAndTheBeginningOfTheNext() throws {
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    let items = [
      picture(Signals.plain(1, 0, 0), 0), .mark(.closed(epoch: 0, end: .end)), picture(Signals.plain(2, 0, 0), 0),
    ]
    #expect(steps(try stage.accept(items)).map(\.vector) == [[1], [2]])
    #expect(model.calls.withLock(\.self) == [2])
  }

  @Test func aChunkOfSoundGivesAStepForEachPartThatHoldsContent() throws {
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    let steps = try stage.steps([run([Float](repeating: 1, count: 5), at: 0, rate: 4)])
    #expect(steps.map(\.vector) == [[0], [1], [2]])
    #expect(steps.map(\.valid) == [1, 1, 0.5])
    #expect(steps.map(\.interval.start.sinceZero.seconds) == [0, 0.5, 1])
  }

  @Test func aCueIsAStepOverItsWholeTime() throws {
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    let interval = Interval(Instant(index: 1, rate: Ratio(1)), Instant(index: 5, rate: Ratio(1)))
    let cue = Cue(slot: Slot(.text), epoch: 0, interval: interval, text: "hello")
    let steps = steps(try stage.accept([.mark(.cue(cue))]))
    #expect(steps.map(\.vector) == [[5]])
    #expect(steps.map(\.interval) == [interval] && steps.map(\.slot) == [Slot(.text)])
  }
}
