import Media
import Testing

@testable import Encode

/// Steps of a toy model: sound at 4 Hz, hop 4, one sample of lookahead; its vectors count the encoder's calls.
private struct Toy: Model {
  var name: String { "toy" }
  var isSemantic: Bool { false }
  var space: VectorSpace { .joint }
  var sound: SoundNeeds? { SoundNeeds(rate: 4, hop: 4, lookback: 0, lookahead: 1) }
  var pictures: PictureNeeds? { PictureNeeds(rate: Ratio(2)) }
  func size(_ modality: Modality) -> VectorSize? { VectorSize(dimensions: 1, stepDimensions: 1) }
  func makeSoundEncoder() -> (any FeatureEncoder<SoundChunk>)? { Calls<SoundChunk>() }
  func makePictureEncoder() -> (any FeatureEncoder<RGBImage>)? { Calls<RGBImage>() }
  func embed(_ modality: Modality, pooled: [Float]) -> [Float]? { pooled }

  private struct Calls<Input>: ContentEncoder {
    private var count: Float = 0
    mutating func encode(_ input: Input) -> Features {
      count += 1
      return Features(vector: [count], quality: 0)
    }
  }
}

@Suite struct EncodeStageTests {
  private var stage = EncodeStage(Toy(), pictureRate: Ratio(2))

  /// Draws what comes out: `audio[0 1)x1/1` is a step with its seconds, call count and valid.
  private func draw(_ encoded: [Encoded]) -> [String] {
    encoded.map { item in
      switch item {
      case .step(let step):
        let (start, end) = (step.interval.start.sinceZero.seconds, step.interval.end.sinceZero.seconds)
        return "\(step.slot.name)@\(step.epoch)[\(start) \(end))x\(Int(step.vector[0])) \(step.valid)"
      case .lost(let slot, let epoch, let interval):
        return "\(slot.name)@\(epoch) lost from \(interval.start.sinceZero.seconds)"
      case .mark(.reached(let slot, let instant)):
        return "\(slot.name) reached \(instant == .end ? "end" : "\(instant.sinceZero.seconds)")"
      case .mark(.epoch(let epoch)): return "epoch \(epoch.index)"
      case .mark(.closed(let epoch, _)): return "closed \(epoch)"
      case .mark(.cue(let cue)): return "cue \(cue.text)"
      case .mark: return "mark"
      }
    }
  }

  private func epoch(_ index: Int32) -> Item {
    .mark(.epoch(Epoch(index: index, reason: .start, start: .zero, originPTS: nil, timeBase: Ratio(1))))
  }

  private func tones(_ count: Int, at first: Int64 = 0, slot: Slot = sound, epoch: Int32 = 0) -> Item {
    run([Float](repeating: 1, count: count), at: first, rate: 4, slot: slot, epoch: epoch)
  }

  private func closed(_ epoch: Int32) -> Item { .mark(.closed(epoch: epoch, end: Instant(index: 3, rate: Ratio(1)))) }

  @Test mutating func watermarksFollowTheStepsTheyPromise() throws {
    #expect(draw(try stage.accept(tones(10))) == ["audio@0[0.0 1.0)x1 1.0", "audio@0[1.0 2.0)x2 1.0"])
    let ten = Instant(index: 10, rate: Ratio(4))
    #expect(draw(try stage.accept(.mark(.reached(sound, ten)))) == ["audio reached 2.0"])
    let twelve = Instant(index: 12, rate: Ratio(4))
    #expect(draw(try stage.accept(.mark(.reached(sound, twelve)))) == ["audio reached 2.0"])
    let thirteen = Instant(index: 13, rate: Ratio(4))
    let last = ["audio@0[2.0 3.0)x3 0.5", "audio reached 3.0"]
    #expect(draw(try stage.accept(.mark(.reached(sound, thirteen)))) == last)
  }

  @Test mutating func watermarksPassOverGaps() throws {
    let hour = Instant(index: 3600, rate: Ratio(1))
    #expect(draw(try stage.accept(.mark(.reached(sound, hour)))) == ["audio reached 3599.0"])
  }

  @Test mutating func theEndOfATrackCompletesItsLastStep() throws {
    _ = try stage.accept(tones(6))
    #expect(draw(try stage.accept(.mark(.reached(sound, .end)))) == ["audio@0[1.0 2.0)x2 0.5", "audio reached end"])
    #expect(draw(try stage.accept(closed(0))) == ["closed 0"])
  }

  @Test mutating func closingAnEpochFlushesEveryTrackFirst() throws {
    _ = try stage.accept(tones(2, slot: Slot(.audio, 1)))
    _ = try stage.accept(tones(3))
    let flushed = ["audio@0[0.0 1.0)x1 0.75", "audio_2@0[0.0 1.0)x1 0.5", "closed 0"]
    #expect(draw(try stage.accept(closed(0))) == flushed)
  }

  @Test mutating func aNewEpochStartsAnew() throws {
    _ = try stage.accept(tones(3))
    _ = try stage.accept(closed(0))
    #expect(draw(try stage.accept(epoch(1))) == ["epoch 1"])
    _ = try stage.accept(tones(4, epoch: 1))
    #expect(draw(try stage.accept(closed(1))) == ["audio@1[0.0 1.0)x1 1.0", "closed 1"])
  }

  @Test func contentOfAnotherEpochIsRefused() {
    #expect(throws: SeamError.epoch(1, open: 0)) {
      var stage = EncodeStage(Toy(), pictureRate: Ratio(2))
      _ = try stage.accept(tones(4, epoch: 1))
    }
  }

  @Test mutating func otherMarksPassInOrder() throws {
    let cue = Cue(slot: Slot(.text), epoch: 0, interval: Interval(.zero, .zero), text: "hello")
    let text = Item.mark(.reached(Slot(.text), Instant(index: 7, rate: Ratio(1))))
    let video = Item.mark(.reached(sight, Instant(index: 7, rate: Ratio(1))))
    let out = try [.mark(.cue(cue)), text, video].flatMap { try stage.accept($0) }
    #expect(draw(out) == ["cue hello", "text reached 7.0", "video reached 7.0"])
  }

  @Test mutating func anUnclosedEpochIsFlushedAtTheEnd() throws {
    _ = try stage.accept(tones(3))
    #expect(draw(try stage.finish()) == ["audio@0[0.0 1.0)x1 0.75"])
    #expect(try stage.finish().isEmpty)
  }

  @Test mutating func aPictureShownAgainIsNotEncodedAgain() throws {
    let (one, other) = (Signals.plain(1, 2, 3), Signals.plain(3, 2, 1))
    let items = [picture(one, 0), picture(one, 1, valid: 0), picture(other, 2), picture(one, 3)]
    let out = try items.flatMap { try stage.accept($0) }
    #expect(
      draw(out) == [
        "video@0[0.0 0.5)x1 1.0", "video@0[0.5 1.0)x1 0.0", "video@0[1.0 1.5)x2 1.0", "video@0[1.5 2.0)x3 1.0",
      ])
  }

  @Test func pictureStepsTileTheGrid() throws {
    let rate = Ratio(30000, 1001)
    var stage = EncodeStage(Toy(), pictureRate: rate)
    let steps = try stage.steps((0..<100).map { picture(Signals.plain(0, 0, 0), $0, rate: rate) })
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.interval.end == $1.interval.start })
  }

  @Test func builtinStepsAreTheSameBitsHoweverRunsAreCut() throws {
    let samples = Signals.chord(48000)
    func vectors(_ cuts: [Int]) throws -> [[Float]] {
      var stage = EncodeStage(BuiltinModel(), pictureRate: Ratio(2))
      let borders = [0] + cuts + [samples.count]
      let runs = zip(borders, borders.dropFirst()).map { run(Array(samples[$0..<$1]), at: Int64($0)) }
      return try stage.steps(runs).map(\.vector)
    }
    let whole = try vectors([])
    #expect(whole.count == 30)
    for size in [37, 160, 1024, 1601, 4096] {
      #expect(try vectors(Array(stride(from: size, to: samples.count, by: size))) == whole)
    }
  }
}
