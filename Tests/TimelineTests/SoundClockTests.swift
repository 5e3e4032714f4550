import Media
import Testing

@testable import Timeline

/// Packets of 100 samples at 1 kHz, stamped in milliseconds.
private struct Feed {
  var clock: SoundClock
  private(set) var placed: [SoundClock.Placed] = []
  private(set) var jumps = 0

  init(_ precision: TrackTiming.Precision = .chosenTick) {
    clock = SoundClock(TrackTiming(timeBase: Ratio(1, 1000), precision: precision))
  }

  mutating func hear(_ pts: Int64?..., rate: Int = 1000, skipStart: Int = 0, skipEnd: Int = 0) {
    for pts in pts {
      let samples = [Float](repeating: 1, count: rate / 10)
      take(
        clock.accept(DecodedSound(pts: pts, samples: samples, rate: rate, skipStart: skipStart, skipEnd: skipEnd)))
    }
  }

  /// A packet in which these samples are what they say.
  mutating func hear(_ pts: Int64, with odd: [Int: Float], skipStart: Int = 0) {
    var samples = [Float](repeating: 1, count: 100)
    for (place, sample) in odd { samples[place] = sample }
    take(clock.accept(DecodedSound(pts: pts, samples: samples, rate: 1000, skipStart: skipStart)))
  }

  /// Packets side by side from `first` until before `end`.
  mutating func hear(from first: Int64, until end: Int64) {
    for pts in stride(from: first, to: end, by: 100) { hear(pts) }
  }

  mutating func flush() { placed += clock.flush() }
  mutating func confirm() { placed += clock.takeJump() }

  private mutating func take(_ verdict: SoundClock.Verdict) {
    switch verdict {
    case .placed(let more): placed += more
    case .jumped: jumps += 1
    }
  }

  /// Where sound stands, neighbours joined: `0-500 700-900`, in milliseconds.
  var stretches: String {
    var joined: [(start: Int64, end: Int64)] = []
    for one in placed {
      let (start, end) = (one.start.ticks(Ratio(1, 1000)), one.end.ticks(Ratio(1, 1000)))
      if let last = joined.last, last.end == start {
        joined[joined.count - 1].end = end
      } else {
        joined.append((start, end))
      }
    }
    return joined.map { "\($0.start)-\($0.end)" }.joined(separator: " ")
  }
}

@Suite struct SoundClockTests {
  private var feed = Feed()

  @Test mutating func soundIsCountedFromItsFirstStamp() {
    feed.hear(from: 5000, until: 7000)
    feed.flush()
    #expect(feed.stretches == "5000-7000")
    #expect(feed.clock.outliers == 0)
  }

  @Test mutating func soundBeforeTheFirstStampIsCountedBack() {
    feed.hear(nil, nil)
    feed.hear(from: 5000, until: 6000)
    #expect(feed.stretches == "4800-6000")
  }

  @Test mutating func soundWithoutAnyStampBeginsAtZero() {
    for _ in 0..<20 { feed.hear(nil) }
    feed.flush()
    #expect(feed.stretches == "0-2000")
  }

  @Test mutating func shortSoundWithoutAnyStampIsPlacedAtTheEnd() {
    feed.hear(nil)
    feed.flush()
    #expect(feed.stretches == "0-100")
  }

  @Test mutating func packetsWithoutStampsFollowTheirNeighbours() {
    feed.hear(0, 100, nil, nil, 400, nil, 600, nil, 800, 900)
    feed.flush()
    #expect(feed.stretches == "0-1000")
  }

  @Test mutating func twoAgreeingStampsMakeAHole() {
    feed.hear(from: 0, until: 1000)
    feed.hear(from: 3000, until: 4000)
    #expect(feed.stretches == "0-1000 3000-4000")
    #expect(feed.clock.outliers == 0 && feed.jumps == 0)
  }

  @Test mutating func aHoleOfSixtySecondsIsOneAndOfMoreIsAJump() {
    feed.hear(from: 0, until: 1000)
    feed.hear(61_000, 61_100)
    #expect(feed.stretches == "0-1000 61000-61200")
    feed.hear(121_201, 121_301)
    #expect(feed.jumps == 1 && feed.clock.isJumped)
  }

  @Test mutating func aShortWayBackIsAnOverlapAndALongOneAJump() {
    feed.hear(from: 0, until: 2000)
    feed.hear(1000, 1100)
    #expect(feed.stretches == "0-2000 1000-1200")
    feed.hear(199, 299)
    #expect(feed.jumps == 1)
  }

  @Test(arguments: [-90_000, -1500, -600, -2, 2, 700, 40_000, 90_000] as [Int64], [3, 8, 15] as [Int])
  func oneWrongStampIsRejectedAndCounted(_ error: Int64, _ victim: Int) {
    var feed = Feed()
    for n in 0..<20 { feed.hear(Int64(n) * 100 + 100_000 + (n == victim ? error : 0)) }
    feed.flush()
    #expect(feed.stretches == "100000-102000")
    #expect(feed.clock.outliers == 1)
    #expect(feed.jumps == 0)
  }

  @Test mutating func twoWrongStampsThatDisagreeAreBothRejected() {
    feed.hear(from: 0, until: 1000)
    feed.hear(5000, 9000)
    feed.hear(from: 1200, until: 2000)
    #expect(feed.stretches == "0-2000")
    #expect(feed.clock.outliers == 2)
  }

  @Test mutating func aWrongFirstStampIsLeftBehind() {
    feed.hear(70)
    feed.hear(from: 5100, until: 6000)
    feed.flush()
    #expect(feed.placed.last!.end == milliseconds(6000))
    #expect(feed.stretches == "5000-6000")
  }

  @Test mutating func aLoneWrongStampAtTheEndLeavesItsSoundOnTheLine() {
    feed.hear(from: 0, until: 1000)
    feed.hear(9000)
    feed.flush()
    #expect(feed.stretches == "0-1100")
    #expect(feed.clock.outliers == 1)
  }

  @Test mutating func packetsLostWithinAHoleAreNotTakenForOutliers() {
    feed.hear(from: 0, until: 1000)
    feed.hear(3000, nil, 3200, 3300)
    #expect(feed.stretches == "0-1000 3000-3400")
    #expect(feed.clock.outliers == 0)
  }

  @Test mutating func aConfirmedJumpGoesOnFromTheNewPlace() {
    feed.hear(from: 500_000, until: 501_000)
    feed.hear(0, 100, 200)
    #expect(feed.clock.isJumped)
    feed.flush()
    #expect(feed.stretches == "500000-501000")
    feed.confirm()
    feed.hear(300)
    #expect(feed.stretches == "500000-501000 0-400")
  }

  @Test mutating func aRejectedJumpIsCountedAndTheLineGoesOn() {
    feed.hear(from: 500_000, until: 501_000)
    feed.hear(0, 100)
    feed.clock.rejectJump()
    feed.hear(from: 501_200, until: 502_000)
    #expect(feed.stretches == "500000-501000 501200-502000")
    #expect(feed.clock.outliers == 1)
  }

  @Test mutating func anotherRateGoesOnWhereItsStampsSay() {
    feed.hear(from: 0, until: 1000)
    feed.hear(1000, 1100, 1200, rate: 2000)
    #expect(feed.stretches == "0-1300")
    #expect(feed.placed.last!.rate == 2000)
    #expect(feed.clock.outliers == 0)
  }

  @Test mutating func aLastPacketAtAnotherRateIsNotLost() {
    feed.hear(from: 0, until: 1000)
    feed.hear(1000, rate: 2000)
    feed.flush()
    #expect(feed.stretches == "0-1100")
    #expect(feed.placed.last!.rate == 2000)
  }

  @Test mutating func signalledPaddingIsLeftOutAndTheRestKeepsItsPlace() {
    feed.hear(0, skipStart: 130)
    feed.hear(from: 100, until: 1000)
    feed.hear(1000, skipEnd: 40)
    feed.flush()
    #expect(feed.stretches == "130-1060")
  }

  @Test mutating func aLastPacketKeepsTheSoundThatIsNotPadding() {
    feed.hear(0, skipStart: 20, skipEnd: 70)
    feed.flush()
    #expect(feed.stretches == "20-30")
  }

  /// Sound whose clock runs off its stamps by parts in a million.
  @Test(arguments: [0, 50, 300, 1000, 2000, 10_000, 40_000, -50, -1000, -2000, -40_000] as [Int64])
  func clockDriftIsFollowedWithinAFewPackets(_ ppm: Int64) {
    var clock = SoundClock(TrackTiming(timeBase: Ratio(1, 90_000)))
    var placed: [SoundClock.Placed] = []
    func truth(_ n: Int) -> TimeSpan { TimeSpan(ticks: Int64(n) * 1024 * (1_000_000 + ppm), Ratio(1, 48_000_000_000)) }
    for n in 0..<2000 {
      let samples = [Float](repeating: 0, count: 1024)
      let sound = DecodedSound(pts: truth(n).ticks(Ratio(1, 90_000)), samples: samples, rate: 48_000)
      if case .placed(let more) = clock.accept(sound) { placed += more }
    }
    placed += clock.flush()
    #expect(placed.count == 2000)
    let furthest = placed.enumerated().map { ($1.start - truth($0)).magnitude }.max()!
    let drift = (truth(1) - TimeSpan(ticks: 1024, Ratio(1, 48_000))).magnitude
    #expect(furthest <= drift * 3 + TimeSpan(ticks: 2, Ratio(1, 48_000)), "\(furthest.microseconds) µs")
  }

  @Test mutating func whatIsNoNumberIsAGapAndCounted() {
    feed.hear(from: 0, until: 1000)
    feed.hear(1000, with: [30: .nan])
    feed.hear(1100, with: [0: .infinity])
    feed.hear(1200, with: [20: -.infinity, 99: .nan])
    feed.hear(from: 1300, until: 2000)
    feed.flush()
    #expect(feed.stretches == "0-1030 1031-1100 1101-1220 1300-2000")
    #expect(feed.clock.notFinite == 1 + 1 + 80)
    #expect(feed.placed.allSatisfy { $0.samples.allSatisfy { $0.isFinite } })
  }

  @Test mutating func samplesThatAreSkippedMayBeAnything() {
    feed.hear(0, with: [0: .nan, 39: .nan], skipStart: 40)
    feed.hear(from: 100, until: 1000)
    feed.flush()
    #expect(feed.stretches == "40-1000" && feed.clock.notFinite == 0)
  }

  /// Nothing of them is content, and what follows stands where it did.
  @Test mutating func piecesWithoutANumberLeaveTheClockRunning() {
    for packet in 0..<10 { feed.hear(Int64(packet) * 100, with: [0: .nan, 99: .nan]) }
    feed.hear(from: 1000, until: 2000)
    feed.flush()
    #expect(feed.stretches == "1000-2000" && feed.clock.notFinite == 1000 && feed.clock.outliers == 0)
  }
}
