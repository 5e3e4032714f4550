import Media
import Testing

@testable import Timeline

/// Pictures in ticks of 90 kHz; 25 fps is 3600 ticks.
private struct Film {
  var clock: PictureClock
  private(set) var placed: [PictureClock.Placed] = []
  private(set) var jumps = 0

  init(_ timing: TrackTiming = TrackTiming(timeBase: Ratio(1, 90_000), wrapBits: 33)) { clock = PictureClock(timing) }

  mutating func show(_ number: Int, at pts: Int64?, for duration: Int64 = 0) {
    switch clock.accept(DecodedPicture(pts: pts, duration: duration, image: Numbered(number))) {
    case .placed(let more): placed += more
    case .jumped: jumps += 1
    }
  }

  mutating func show(_ pts: [Int64], duration: Int64 = 0) {
    for (n, stamp) in pts.enumerated() { show(n, at: stamp, for: duration) }
  }

  mutating func flush(limit: TimeSpan? = nil) { placed += clock.takeHeld(limit: limit) }

  /// Start and end in ticks, by number.
  var times: [Int: [Int64]] {
    Dictionary(
      placed.map { ($0.image.number!, [$0.start.ticks(Ratio(1, 90_000)), $0.end.ticks(Ratio(1, 90_000))]) },
      uniquingKeysWith: { $0 + $1 })
  }
}

@Suite struct PictureClockTests {
  private var film = Film()

  @Test mutating func aPictureStaysUntilTheNext() {
    film.show([0, 3600, 9000])
    film.flush()
    #expect(film.times == [0: [0, 3600], 1: [3600, 9000], 2: [9000, 14_400]])
  }

  @Test mutating func theLastPictureEndsAtItsDeclaredDuration() {
    film.show([0, 3600], duration: 1800)
    film.flush()
    #expect(film.times[1] == [3600, 5400])
  }

  @Test func theLastPictureWithoutPredecessorEndsAfterTheNominalInterval() {
    var film = Film(TrackTiming(timeBase: Ratio(1, 90_000), nominalInterval: milliseconds(40)))
    film.show([0])
    film.flush()
    #expect(film.times == [0: [0, 3600]])
  }

  @Test mutating func aStillHasNoLengthOfItsOwn() {
    film.show([0])
    film.flush()
    #expect(film.times == [0: [0, 0]])
  }

  @Test mutating func aPictureCountsForThreeUsualIntervals() {
    film = Film(TrackTiming(timeBase: Ratio(1, 90_000), nominalInterval: milliseconds(40)))
    film.show((0..<20).map { 3600 * $0 } + [3600 * 19 + 90_000, 3600 * 20 + 90_000])
    film.flush()
    let last = film.placed.first { $0.image.number == 19 }!
    #expect(last.end == TimeSpan(ticks: 3600 * 19 + 90_000, Ratio(1, 90_000)))
    #expect(last.validUntil - last.start == milliseconds(120))
    #expect(film.placed.filter { $0.image.number != 19 }.allSatisfy { $0.validUntil == $0.end })
  }

  @Test mutating func aPictureCountsForItsDeclaredDuration() {
    film.show((0..<20).map { 3600 * $0 })
    film.show(20, at: 72_000, for: 45_000)
    film.show(21, at: 162_000)
    film.show(22, at: 165_600)
    film.flush()
    let long = film.placed.first { $0.image.number == 20 }!
    #expect(long.validUntil - long.start == milliseconds(500))
  }

  @Test mutating func theUsualIntervalIsTheMedianOfTheLastThirtyTwo() {
    // 40 pictures at 25 fps, then 17 at 5 fps: more than half of the last 32 are slow.
    film.show((0..<40).map { 3600 * $0 } + (0..<18).map { 144_000 + 18_000 * $0 })
    film.show(58, at: 144_000 + 18_000 * 17 + 180_000)
    film.show(59, at: 144_000 + 18_000 * 17 + 198_000)
    film.flush()
    let last = film.placed.first { $0.image.number == 57 }!
    #expect(last.validUntil - last.start == milliseconds(600))
  }

  @Test mutating func aHoleOfSixtySecondsIsOneAndOfMoreIsAJump() {
    film.show((0..<20).map { 3600 * $0 } + [19 * 3600 + 5_400_000, 20 * 3600 + 5_400_000])
    #expect(film.jumps == 0)
    #expect(film.times[19] == [68_400, 68_400 + 5_400_000])
    let far: Int64 = 20_000_000
    film.show(30, at: far)
    film.show(31, at: far + 3600)
    #expect(film.jumps == 1 && film.clock.isJumped)
  }

  @Test mutating func aBackwardStepOfMoreThanASecondIsAJumpWhenTwoAgree() {
    film.show((0..<20).map { 900_000 + 3600 * $0 })
    film.show(20, at: 0)
    #expect(film.jumps == 0)
    film.show(21, at: 3600)
    #expect(film.jumps == 1)
  }

  @Test mutating func picturesThatGoBackLessThanASecondAreRejected() {
    film.show((0..<20).map { 90_000 + 3600 * $0 })
    film.show(20, at: 90_000 + 3600 * 10)
    film.show(21, at: 90_000 + 3600 * 11)
    film.show(22, at: 90_000 + 3600 * 20)
    film.flush()
    #expect(film.jumps == 0)
    #expect(film.clock.outliers == 2)
    #expect(film.times[22]![0] == 90_000 + 3600 * 20)
  }

  @Test func picturesWithoutStampsAreInferredFromTheRhythm() {
    var film = Film(TrackTiming(timeBase: Ratio(1, 90_000), isInferred: true, nominalInterval: milliseconds(40)))
    for n in 0..<5 { film.show(n, at: nil) }
    film.flush()
    #expect((0..<5).allSatisfy { film.times[$0]!.first == Int64($0) * 3600 })
    #expect(film.placed.allSatisfy { $0.isInferred && $0.halfWidth >= milliseconds(40) })
  }

  @Test func withoutPresentationStampsPicturesTakeTheDecodingStampsInOrder() {
    var film = Film(TrackTiming(timeBase: Ratio(1, 90_000), isInferred: true))
    for dts: Int64 in [0, 3600, 10_800, 7200, 14_400] { film.clock.noteDecodeStamp(dts) }
    for n in 0..<5 { film.show(n, at: nil) }
    film.flush()
    #expect((0..<5).map { film.times[$0]!.first! } == [0, 3600, 7200, 10_800, 14_400])
  }
}
