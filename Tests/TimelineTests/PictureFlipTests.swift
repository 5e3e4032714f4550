import Media
import Testing

@testable import Timeline

private let interval: Int64 = 3600
private let count = 60

/// One damaged stamp in a regular stream of 25 fps on 33-bit stamps, through the whole Timekeeper.
@Suite struct PictureFlipTests {
  private struct Fate {
    var epochs: Int
    /// Pictures farther from their place than their bound says.
    var unmarked: [Int]
    var missing: [Int]
    var counted: Int64
  }

  private func play(from origin: Int64, victim: Int?, bit: Int64) -> Fate {
    let timing = TrackTiming(timeBase: Ratio(1, 90_000), wrapBits: 33)
    var keeper = Timekeeper([(picture, timing)], pictureRate: Ratio(25), stillLength: seconds(2))
    var output: [Timed] = []
    for n in 0..<count {
      let raw = (origin + Int64(n) * interval) & (1 << 33 - 1) ^ (n == victim ? 1 << bit : 0)
      output += keeper.accept(
        DecodedPicture(pts: keeper.unwrap(picture, pts: raw, dts: nil).pts, image: Numbered(n)), picture)
    }
    output += keeper.finish()
    let played = Played(output: output, counters: keeper.counters)
    let counted = keeper.counters["video_stamps_rejected"] + keeper.counters["video_stamps_irregular"]
    let coverages = played.coverages(picture)
    var starts: [Int: (start: Instant, halfWidth: TimeSpan)] = [:]
    for (shown, coverage) in zip(played.pictures, coverages) {
      starts[shown.image.number!] = (shown.interval.start, coverage.halfWidth)
    }
    let wrong = starts.filter { n, place in
      let truth = Instant(index: Int64(n), rate: Ratio(25))
      return (place.start - truth).magnitude > place.halfWidth
    }
    return Fate(
      epochs: played.epochs.count, unmarked: wrong.keys.sorted(), missing: (0..<count).filter { starts[$0] == nil },
      counted: counted)
  }

  @Test(arguments: 0..<33, [90_000, 1 << 33 - 30 * 3600] as [Int64])
  func aFlippedBitLosesAtMostItsOwnPicture(_ bit: Int64, _ origin: Int64) {
    for victim in [2, 3, 9, 12, 13, 30, 57] where bit != 12 {
      let fate = play(from: origin, victim: victim, bit: bit)
      #expect(fate.epochs == 1, "picture \(victim)")
      #expect(fate.missing.allSatisfy { $0 == victim }, "picture \(victim): \(fate)")
      // The first pictures have no rhythm yet that a small error could break.
      #expect(fate.unmarked.allSatisfy { $0 == victim && victim < 10 }, "picture \(victim): \(fate)")
    }
  }

  @Test func anUndamagedStreamIsPlacedWhole() {
    let fate = play(from: 90_000, victim: nil, bit: 0)
    #expect(fate.epochs == 1 && fate.unmarked.isEmpty && fate.missing.isEmpty && fate.counted == 0)
  }

  @Test(arguments: 0..<12)
  func aStampOffWithinItsIntervalWidensTheBound(_ bit: Int64) {
    let fate = play(from: 90_000, victim: 20, bit: bit)
    #expect(fate.missing.isEmpty && fate.unmarked.isEmpty && fate.counted >= 1)
  }
}
