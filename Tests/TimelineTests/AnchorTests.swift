import Media
import Testing

@testable import Timeline

/// Packets of `size` samples at `rate` whose first sample truly stands at `origin`, stamped as a muxer would.
private struct Stamps {
  var rate: Int64
  var size: Int64
  var timeBase: Ratio
  var origin = TimeSpan.zero
  var cutsOff = false

  func truth(_ n: Int64) -> TimeSpan { origin + TimeSpan(ticks: n * size, Ratio(1, rate)) }

  func pts(_ n: Int64) -> Int64 {
    guard cutsOff else { return truth(n).ticks(timeBase) }
    return scale(truth(n).flicks, by: timeBase.denominator, over: timeBase.numerator * TimeSpan.flicksPerSecond, .down)
  }

  func sound(_ n: Int64) -> DecodedSound {
    DecodedSound(pts: pts(n), samples: [Float](repeating: 0, count: Int(size)), rate: Int(rate))
  }

  /// The line after `count` packets whose stamps are true to half a tick.
  func line(_ count: Int64) -> AnchorLine? {
    let half = TimeSpan(flicks: TimeSpan(ticks: 1, timeBase).flicks / 2)
    func bounds(_ n: Int64) -> Bounds { Bounds(TimeSpan(ticks: pts(n), timeBase), halfWidth: half) }
    var line = Optional(AnchorLine(bounds(0), index: 0, rate: Int(rate)))
    for n in 1..<count { line = line?.narrowed(by: bounds(n), samplesAhead: n * size) }
    return line
  }
}

private let matroska = Ratio(1, 1000)

@Suite struct AnchorTests {
  @Test func threePacketsAt48KHzNarrowAMillisecondTickToASixth() {
    let stamps = Stamps(rate: 48_000, size: 1024, timeBase: matroska)
    #expect(stamps.line(1)!.halfWidth == TimeSpan(flicks: 352_800))
    #expect(stamps.line(3)!.halfWidth == TimeSpan(ticks: 1, Ratio(1, 6000)))
    #expect(stamps.line(3)!.anchor == .zero)
    #expect(stamps.line(1000)!.halfWidth == TimeSpan(ticks: 1, Ratio(1, 6000)))
  }

  @Test func manyPacketsAt44KHzNarrowItToAMicrosecond() {
    let line = Stamps(rate: 44_100, size: 1024, timeBase: matroska).line(1000)!
    #expect(line.halfWidth.microseconds < 1.2)
    #expect(line.anchor.magnitude <= line.halfWidth)
  }

  @Test func aStampThatDisagreesByMoreThanASampleBreaksTheLine() {
    let line = AnchorLine(Bounds(.zero), index: 0, rate: 48_000)
    let sample = TimeSpan(ticks: 1, Ratio(1, 48_000))
    #expect(line.narrowed(by: Bounds(sample), samplesAhead: 0) != nil)
    #expect(line.narrowed(by: Bounds(sample + TimeSpan(flicks: 1)), samplesAhead: 0) == nil)
    #expect(line.narrowed(by: Bounds(sample * -1 - TimeSpan(flicks: 1)), samplesAhead: 0) == nil)
  }

  @Test func theAnchorStaysOnceSoundIsPlaced() {
    var line = AnchorLine(Bounds(.zero, halfWidth: milliseconds(1)), index: 0, rate: 1000)
    line.next = 100
    let narrowed = line.narrowed(by: Bounds(milliseconds(101)), samplesAhead: 0)!
    #expect(narrowed.anchor == .zero)
    #expect(narrowed.halfWidth == milliseconds(1))
  }

  /// Rates, packet sizes, ticks and origins of all kinds: the true place always lies within the bound that is told,
  /// and the bound is never wider than a tick.
  @Test(
    arguments: [8000, 11_025, 22_050, 44_100, 44_101, 48_000, 96_000] as [Int64], [576, 1024, 1152, 960] as [Int64])
  func theTrueAnchorAlwaysLiesWithinTheHalfWidth(_ rate: Int64, _ size: Int64) {
    for (timeBase, precision) in [
      (Ratio(1, 90_000), TrackTiming.Precision.rounded), (matroska, .rounded), (matroska, .cutOff),
    ] {
      let tick = TimeSpan(ticks: 1, timeBase)
      for part: Int64 in 0..<8 {
        let origin = seconds(3600) + TimeSpan(flicks: tick.flicks * part / 8 + part)
        let stamps = Stamps(
          rate: rate, size: size, timeBase: timeBase, origin: origin, cutsOff: precision == .cutOff)
        expectTruth(stamps, TrackTiming(timeBase: timeBase, precision: precision), tick)
      }
    }
  }

  /// A tick that the muxer chose: what the first stamps do not tell, later ones do.
  @Test(arguments: [22_050, 44_100, 48_000] as [Int64], [1024, 1152, 960] as [Int64])
  func aBoundWidensWhenLaterStampsShowThatTheyAreRounded(_ rate: Int64, _ size: Int64) {
    let timing = TrackTiming(timeBase: Ratio(1, 90_000))
    for first: Int64 in 0..<6 {
      // The line begins at a packet whose own stamp was rounded.
      let origin = TimeSpan(ticks: first * size, Ratio(1, rate))
      let stamps = Stamps(rate: rate, size: size, timeBase: timing.timeBase, origin: origin)
      expectTruth(stamps, timing, TimeSpan(ticks: 1, timing.timeBase))
    }
  }

  private func expectTruth(_ stamps: Stamps, _ timing: TrackTiming, _ tick: TimeSpan) {
    var clock = SoundClock(timing)
    var placed: [SoundClock.Placed] = []
    for n: Int64 in 0..<40 {
      guard case .placed(let more) = clock.accept(stamps.sound(n)) else {
        Issue.record("regular stamps jumped")
        return
      }
      placed += more
    }
    placed += clock.flush()
    #expect(placed.count == 40)
    #expect(clock.outliers == 0)
    let isTrue = placed.enumerated().allSatisfy { n, one in
      (one.start - stamps.truth(Int64(n))).magnitude <= one.halfWidth + TimeSpan(flicks: 1)
    }
    #expect(isTrue, "\(stamps)")
    #expect(placed.allSatisfy { $0.halfWidth <= tick }, "\(stamps)")
  }
}
