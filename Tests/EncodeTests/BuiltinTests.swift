import Media
import Testing

@testable import Encode

@Suite struct BuiltinTests {
  let model = BuiltinModel()

  private func steps(_ items: [Item]) throws -> [Step] {
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    return try stage.steps(items)
  }

  // MARK: equal to the float64 twin

  @Test func soundStepEqualsTheTwin() throws {
    let steps = try steps([run(Signals.chord(32000))])
    #expect(steps.count == 20)
    #expect(difference(steps[3].vector, Goldens.chordStep) <= 1e-5)
  }

  @Test func soundStepCountsOnlyFramesWithContent() throws {
    let steps = try steps([run(Array(Signals.chord(32000)[..<700]))])
    #expect(steps.count == 1)
    #expect(steps[0].valid == 0.4375)  // 700 of 1600 samples
    #expect(difference(steps[0].vector, Goldens.chordTail) <= 1e-5)
  }

  @Test func soundWindowsEqualTheTwin() throws {
    for (samples, golden) in [(Signals.chord(32000), Goldens.chordWindow), (Signals.hiss(32000), Goldens.hissWindow)] {
      let vector = try #require(model.embed(.audio, pooled: mean(try steps([run(samples)]))))
      #expect(difference(vector, golden) <= 1e-5)
    }
  }

  @Test func pictureStepsAndWindowEqualTheTwin() throws {
    let steps = try steps([
      picture(Signals.painting(200, 120, shift: 0, seed: 3), 0),
      picture(Signals.painting(200, 120, shift: 9, seed: 4), 1),
    ])
    #expect(difference(steps[0].vector, Goldens.paintingFirst) <= 1e-5)
    #expect(difference(steps[1].vector, Goldens.paintingSecond) <= 1e-5)
    let vector = try #require(model.embed(.video, pooled: mean(steps)))
    #expect(difference(vector, Goldens.paintingWindow) <= 1e-5)
  }

  @Test func pictureSmallerThanTheGridEqualsTheTwin() throws {
    let steps = try steps([picture(Signals.painting(50, 37, shift: 2, seed: 5), 0)])
    #expect(difference(steps[0].vector, Goldens.stampOnly) <= 1e-5)
  }

  // MARK: what the vectors are good for

  @Test(arguments: [Float(0.5), 2])
  func loudnessHardlyMovesTheSoundVector(_ gain: Float) throws {
    let chord = Signals.chord(32000)
    let plain = model.embed(.audio, pooled: mean(try steps([run(chord)])))
    let scaled = model.embed(.audio, pooled: mean(try steps([run(chord.map { $0 * gain })])))
    let other = model.embed(.audio, pooled: mean(try steps([run(Signals.hiss(32000))])))
    #expect(cosine(plain, scaled) > 0.98)
    #expect(cosine(plain, other) < 0.9)
  }

  @Test func sizeAndGrainHardlyMoveThePictureVector() throws {
    let small = try steps([picture(Signals.painting(160, 90, shift: 4, seed: 3), 0)])
    let large = try steps([picture(Signals.painting(640, 360, shift: 16, seed: 9), 0)])
    let other = try steps([picture(Signals.plain(40, 180, 60), 0)])
    let vectors = [small, large, other].map { model.embed(.video, pooled: mean($0)) }
    #expect(cosine(vectors[0], vectors[1]) > 0.97)
    #expect(cosine(vectors[0], vectors[2]) < 0.8)
  }

  @Test func aStillPictureHasNoMotionAndIsOtherwiseTheSame() throws {
    let image = Signals.painting(200, 120, shift: 0, seed: 3)
    let moved = Signals.painting(200, 120, shift: 9, seed: 3)
    let steps = try steps([picture(image, 0), picture(moved, 1), picture(moved, 2)])
    #expect(steps[1].vector[240...].contains { $0 > 0 })
    #expect(steps[2].vector[240...].allSatisfy { $0 == 0 })
    #expect(steps[2].vector[..<240] == steps[1].vector[..<240])
  }

  @Test func aCopyOfAPictureGivesWhatThePictureShownAgainGives() throws {
    let image = Signals.painting(200, 120, shift: 0, seed: 3)
    let copy = RGBImage(width: 200, height: 120, pixels: image.pixels.map { $0 })
    let shared = try steps([picture(image, 0), picture(image, 1)])
    let copied = try steps([picture(image, 0), picture(copy, 1)])
    #expect(shared.map(\.vector) == copied.map(\.vector))
  }

  // MARK: borders

  @Test func silenceHasNoVector() throws {
    let steps = try steps([run([Float](repeating: 0, count: 16000))])
    #expect(steps.count == 10)
    #expect(steps.allSatisfy { $0.valid == 1 && $0.quality == 0 })
    #expect(steps.flatMap(\.vector).allSatisfy { $0.isFinite })
    #expect(model.embed(.audio, pooled: mean(steps)) == nil)
  }

  @Test func aBlackPictureHasAVectorOfItsOwn() throws {
    let black = try steps([picture(Signals.plain(0, 0, 0), 0)])
    let white = try steps([picture(Signals.plain(255, 255, 255), 0)])
    #expect(black[0].quality == 0)
    let vectors = [black, white].map { model.embed(.video, pooled: mean($0)) }
    #expect(abs(cosine(vectors[0], vectors[0]) - 1) < 1e-6)
    #expect(cosine(vectors[0], vectors[1]) < 0.5)
  }

  @Test func extremeSoundStaysFinite() throws {
    let square = (0..<16000).map { $0 / 3 % 2 == 0 ? Float(1) : -1 }
    let faint = (0..<16000).map { Float($0 % 2) * 1e-30 }
    let constant = [Float](repeating: 1, count: 16000)
    for samples in [square, faint, constant, [1], [Float](repeating: 0, count: 1599) + [1]] {
      let steps = try steps([run(samples)])
      #expect(steps.flatMap(\.vector).allSatisfy { $0.isFinite })
      #expect(model.embed(.audio, pooled: mean(steps))?.allSatisfy { $0.isFinite } ?? true)
    }
  }

  @Test func extremePicturesStayFinite() throws {
    for (width, height) in [(1, 1), (1, 4000), (4000, 1), (127, 129), (128, 128)] {
      let steps = try steps([picture(Signals.painting(width, height, shift: 0, seed: 2), 0)])
      #expect(steps[0].vector.allSatisfy { $0.isFinite })
    }
  }

  @Test func qualityIsMeanPowerAndLumaVariance() throws {
    let wave = (0..<3200).map { $0 % 2 == 0 ? Float(0.5) : -0.5 }
    #expect(try steps([run(wave)]).map(\.quality) == [0.25, 0.25])
    let half = RGBImage(width: 2, height: 1, pixels: [0, 0, 0, 200, 200, 200])
    #expect(try steps([picture(half, 0)]).map(\.quality) == [10000])
  }

  @Test func hasNoTextEncoder() {
    #expect(model.size(.text) == nil)
    #expect(model.size(.audio) == VectorSize(dimensions: 256, stepDimensions: 256))
    #expect(model.size(.video) == VectorSize(dimensions: 256, stepDimensions: 256))
  }
}
