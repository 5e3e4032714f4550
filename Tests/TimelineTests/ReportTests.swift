import Media
import Testing

@testable import Timeline

/// RTP: the tracks stand on clocks of their own until the sender's reports of both have come.
@Suite struct ReportTests {
  private var player = Player([(sound, .reported), (picture, .reported)])

  init() { player.setLocked(false) }

  @Test func whereReportsComeFirstAllIsLocked() {
    var player = Player([(sound, .reported), (picture, .reported)])
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv")
    let played = player.finish()
    #expect(played.epochs.map(\.isLocked) == [true])
    #expect(played.epochs.map(\.originPTS) == [0])
  }

  @Test func aTrackThatComesLaterWithoutReportsUnlocks() {
    var player = Player([(sound, .reported), (picture, .reported)])
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa")
    player.stopWaiting()
    player.setLocked(false)
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv", at: 2000)
    player.setLocked(true)
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv", at: 3000)
    let played = player.finish()
    #expect(played.epochs.map(\.isLocked) == [true, false, true])
    #expect(played.epochs.map(\.reason) == [.start, .jump, .locked])
    #expect(played.epochs.map(\.start) == [.zero, seconds(2), seconds(3)])
    #expect(played.audio(epoch: 2) == "aaaaaaaaaa" && played.video(epoch: 2) == "0123456789")
  }

  @Test mutating func beforeTheReportsAnEpochIsNotLocked() {
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv")
    let played = player.finish()
    #expect(played.epochs.map(\.isLocked) == [false])
  }

  @Test(arguments: [-197, 216, -5, 0] as [Int64])
  func theReportsBeginAnEpochOfTheirOwn(_ shift: Int64) {
    var player = self.player
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv")
    player.setLocked(true)
    for n: Int64 in 0..<20 {
      player.show(at: milliseconds(2000 + 100 * n))
      player.hear(at: milliseconds(2000 + 100 * n + shift))
    }
    let played = player.finish()
    #expect(played.epochs.map(\.isLocked) == [false, true])
    #expect(played.epochs.map(\.reason) == [.start, .locked])
    #expect(played.epochs.map(\.start) == [.zero, seconds(2)])
    #expect(played.epochs[1].originPTS == 90 * (2000 + min(0, shift)))
    #expect(played.audio(epoch: 0) == "aaaaaaaaaaaaaaaaaaaa")
    #expect(played.video(epoch: 0) == "01234567890123456789")
    let (heard, seen) = (played.coverages(sound, epoch: 1), played.coverages(picture, epoch: 1))
    #expect((heard[0].interval.start - seen[0].interval.start).nanoseconds == shift * 1_000_000)
    #expect(heard.last!.interval.end - heard[0].interval.start == seconds(2))
    #expect(seen.map(\.pts).prefix(2) == [180_000, 189_000])
  }

  @Test mutating func framesThatADecoderStillHeldStayBefore() {
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvv")
    // The stamps of three pictures were straightened before the reports, and come out after them.
    let held: [Int64] = [1700, 1800, 1900].map { player.straightened(milliseconds($0), picture) }
    player.setLocked(true)
    for n: Int64 in 0..<3 { player.hear(at: milliseconds(1803 + 100 * n)) }
    for pts in held { player.push(.picture(DecodedPicture(pts: pts, image: Numbered(0))), picture) }
    for n: Int64 in 0..<20 {
      player.show(at: milliseconds(2000 + 100 * n))
      player.hear(at: milliseconds(2103 + 100 * n))
    }
    let played = player.finish()
    #expect(played.coverages(picture, epoch: 0).count == 20)
    #expect(played.coverages(picture, epoch: 1).count == 20)
    #expect(played.epochs[1].originPTS == 162_270)
  }

  @Test mutating func whatCameBeforeTheReportsAndWasNeverToldIsDropped() {
    for n: Int64 in 0..<10 { player.hear(at: milliseconds(100 * n)) }
    player.setLocked(true)
    for n: Int64 in 10..<30 {
      player.show(at: milliseconds(100 * n))
      player.hear(at: milliseconds(100 * n + 300))
    }
    let played = player.finish()
    #expect(played.epochs.map(\.isLocked) == [true])
    #expect(played.epochs.map(\.reason) == [.start])
    #expect(played.counters["audio_before_reports"] > 0)
    #expect(played.coverages(sound)[0].interval.start == Instant.zero + milliseconds(300))
  }

  @Test func aSourceThatIsOpenedAnewGoesOnAfterItsGap() {
    let ended: Int64 = 1_700_000_000_000_000
    var player = Player(continuation: Continuation(epoch: 3, position: seconds(40), wall: ended))
    // Its time zero was 2.5 s after the end of the last epoch.
    player.noteWall(TimeSpan(ticks: ended + 2_500_000, Ratio(1, 1_000_000)) - seconds(7))
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv", at: 7000)
    let played = player.finish()
    #expect(played.epochs.map(\.index) == [3])
    #expect(played.epochs.map(\.reason) == [.reconnect])
    #expect(played.epochs[0].start == seconds(40) + milliseconds(2500))
  }
}
