import Media
import Synchronization
import Testing

@testable import Encode

/// A model whose encoders look at where their inputs stand, and have no answer for some.
private final class Choosy: Model {
  struct Seen: Equatable {
    var place: String
    var stamp: Int64?
  }

  let seen = Mutex<[Seen]>([])
  let encodesPicturesAlone: Bool
  init(alone: Bool) { encodesPicturesAlone = alone }

  var name: String { "choosy" }
  var isSemantic: Bool { false }
  var space: VectorSpace { .separate }
  var sound: SoundNeeds? { SoundNeeds(rate: 4, hop: 4, lookback: 2, lookahead: 0) }
  var pictures: PictureNeeds? { PictureNeeds(rate: Ratio(2)) }
  func size(_ modality: Modality) -> VectorSize? { VectorSize(dimensions: 1, stepDimensions: 1) }
  func makeSoundEncoder() -> (any FeatureEncoder<SoundChunk>)? { Eye<SoundChunk>(model: self) { $0.index != 1 } }
  func makePictureEncoder() -> (any FeatureEncoder<RGBImage>)? { Eye<RGBImage>(model: self) { $0.pixels[0] != 13 } }
  func makeTextEncoder() -> (any FeatureEncoder<String>)? { Eye<String>(model: self) { !$0.isEmpty } }
  func embed(_ modality: Modality, pooled: [Float]) -> [Float]? { pooled }

  private struct Eye<Input>: FeatureEncoder {
    let model: Choosy
    let knows: (Input) -> Bool

    func encode(_ inputs: [EncoderInput<Input>]) -> [Features?] {
      inputs.map { input in
        let (start, end) = (input.interval.start.sinceZero.seconds, input.interval.end.sinceZero.seconds)
        model.seen.withLock {
          $0.append(
            Seen(place: "\(input.source) \(input.slot.name)@\(input.epoch)[\(start) \(end))", stamp: input.stamp?.pts))
        }
        return knows(input.content) ? Features(vector: [1], quality: 0) : nil
      }
    }
  }
}

@Suite struct UnansweredTests {
  private func opened(_ name: String) -> Item {
    .mark(.opened(SourceInfo(name: name, container: "nut", tracks: [], slots: [sound, sight])))
  }

  private func shown(_ index: Int64, pts: Int64) -> Item {
    let instant = Instant(index: index, rate: Ratio(2))
    return .mark(
      .shown(
        ShownFrame(
          slot: sight, epoch: 0, instant: instant, pts: pts, timeBase: Ratio(1, 90_000), start: instant,
          halfWidth: .zero, isInferred: false)))
  }

  /// `+` for a step and `-` for a loss, each with its beginning.
  private func draw(_ encoded: [Encoded]) -> [String] {
    encoded.compactMap { encoded in
      switch encoded {
      case .step(let step): "+\(step.interval.start.sinceZero.seconds)"
      case .lost(_, _, let interval): "-\(interval.start.sinceZero.seconds)…\(interval.end.sinceZero.seconds)"
      case .mark: nil
      }
    }
  }

  @Test(arguments: [true, false])
  func anInputWithoutAnAnswerIsLostAndNoOther(_ alone: Bool) throws {
    let model = Choosy(alone: alone)
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    let (good, bad) = (Signals.plain(1, 0, 0), Signals.plain(13, 0, 0))
    let out = try stage.accept([
      opened("clip"), picture(good, 0), picture(bad, 1), picture(bad, 2), picture(good, 3),
      run([Float](repeating: 1, count: 12), at: 0, rate: 4),
    ])
    #expect(draw(out) == ["+0.0", "-0.5…1.0", "-1.0…1.5", "+1.5", "+0.0", "-1.0…2.0", "+2.0"])
    // The picture that stays on screen is asked for once.
    #expect(model.seen.withLock { $0.count { $0.place.contains("video") } } == (alone ? 2 : 3))
  }

  @Test func aCueWithoutAnAnswerIsLost() throws {
    var stage = EncodeStage(Choosy(alone: true), pictureRate: Ratio(2))
    let interval = Interval(.zero, Instant(index: 2, rate: Ratio(1)))
    let cue = Cue(slot: Slot(.text), epoch: 0, interval: interval, text: "")
    #expect(draw(try stage.accept([.mark(.cue(cue))])) == ["-0.0…2.0"])
  }

  @Test(arguments: [true, false])
  func encodersAreToldWhereTheirInputsStand(_ together: Bool) throws {
    let model = Choosy(alone: true)
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    let items = [
      opened("one"), shown(0, pts: 900), picture(Signals.plain(1, 0, 0), 0), shown(1, pts: 46_000),
      picture(Signals.plain(2, 0, 0), 1), .mark(.closed(epoch: 0, end: .end)), opened("two"),
      picture(Signals.plain(3, 0, 0), 0), run([1, 1, 1, 1], at: 4, rate: 4),
    ]
    for batch in together ? [items] : items.map({ [$0] }) { _ = try stage.accept(batch) }
    _ = try stage.finish()
    #expect(
      model.seen.withLock(\.self) == [
        .init(place: "one video@0[0.0 0.5)", stamp: 900), .init(place: "one video@0[0.5 1.0)", stamp: 46_000),
        .init(place: "two video@0[0.0 0.5)", stamp: nil), .init(place: "two audio@0[1.0 2.0)", stamp: nil),
      ])
  }
}
