import Media
import Testing

@testable import Timeline

@Suite struct ZeroTests {
  @Test(arguments: [(0, 300), (300, 0), (0, 0)] as [(Int64, Int64)])
  func zeroIsTheEarliestOfTheTracks(_ audioStart: Int64, _ videoStart: Int64) {
    var player = Player()
    for n: Int64 in 0..<20 {
      player.show(at: milliseconds(4000 + videoStart + 100 * n))
      player.hear(at: milliseconds(4000 + audioStart + 100 * n))
    }
    let played = player.finish()
    let silence = String(repeating: ".", count: Int(audioStart / 100))
    let dark = String(repeating: ".", count: Int(videoStart / 100))
    #expect(played.epochs.map(\.originPTS) == [360_000])
    #expect(played.audio() == silence + "aaaaaaaaaaaaaaaaaaaa")
    #expect(played.video() == dark + "01234567890123456789")
    #expect(played.ends == [Instant.zero + milliseconds(2000 + max(audioStart, videoStart))])
  }

  @Test func textNeverSetsZeroAndEarlyWordsBeginThere() {
    var player = Player([(sound, .transport), (picture, .transport), (words, .milliseconds)])
    player.say("before", at: 1000, for: 500)
    player.say("across", at: 4500, for: 1000)
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv", at: 5000)
    player.say("inside", at: 5500, for: 200)
    let played = player.finish()
    #expect(played.epochs.map(\.originPTS) == [450_000])
    #expect(played.cues.map(\.text) == ["across", "inside"])
    #expect(
      played.cues.map(\.interval) == [
        Interval(.zero, Instant.zero + milliseconds(500)),
        Interval(Instant.zero + milliseconds(500), Instant.zero + milliseconds(700)),
      ])
  }

  @Test func aFrameThatStraddlesTheTrimIsPresentedFromIt() {
    let cut = TrackTiming(
      timeBase: Ratio(1, 90_000), presentedFrom: milliseconds(250), presentedUntil: milliseconds(1250))
    var player = Player([(sound, cut), (picture, cut)])
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv")
    let played = player.finish()
    #expect(played.epochs.map(\.originPTS) == [22_500])
    let first = played.pictures[0]
    #expect(first.image.number == 2 && first.pts == 18_000)
    #expect(first.interval == Interval(.zero, Instant.zero + milliseconds(50)))
    #expect(played.pictures.last!.interval.end == Instant.zero + seconds(1))
    #expect(played.ends == [Instant.zero + seconds(1)])
    #expect(played.audio() == "aaaaaaaaaa")
    #expect(played.sounds.reduce(0) { $0 + $1.samples.count } == Player.rate)
    #expect(played.sounds[0].firstSample == 0)
    #expect(played.coverages(sound)[0].pts == 22_500)
  }

  @Test func aMuxersShiftMovesItsTrack() {
    var late = TrackTiming.transport
    late.shift = milliseconds(300)
    var player = Player([(sound, late), (picture, .transport)])
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv", at: 1000)
    let played = player.finish()
    #expect(played.audio() == "...aaaaaaaaaa")
    #expect(played.coverages(sound)[0].pts == 90_000)
  }

  @Test func anInexactEditListWidensTheBound() {
    var cut = TrackTiming.transport
    cut.editHalfWidth = milliseconds(1)
    var player = Player([(sound, cut), (picture, cut)])
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv", at: 1000)
    let played = player.finish()
    #expect(played.coverages(sound).allSatisfy { $0.halfWidth >= milliseconds(1) })
    #expect(played.coverages(picture).allSatisfy { $0.halfWidth >= milliseconds(1) })
  }

  @Test func aStillPictureLastsOneWindow() {
    var player = Player([(picture, TrackTiming(timeBase: Ratio(1, 25)))])
    player.show(at: .zero)
    let played = player.finish()
    #expect(played.ends == [Instant.zero + seconds(2)])
    #expect(played.video() == "00000000000000000000")
  }

  @Test func nothingOpensNoEpoch() {
    var player = Player()
    let played = player.finish()
    #expect(played.epochs.isEmpty && played.ends.isEmpty)
  }

  @Test func theLastPictureEndsWithTheEpochAndSoundMayGoOn() {
    var player = Player()
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvv")
    let played = player.finish()
    #expect(played.video() == "0123456789")
    #expect(played.ends == [Instant.zero + seconds(2)])
  }

  @Test func soundWhoseAnchorLiesBetweenSamplesTellsItInItsBound() {
    // Sound begins a third of a sample after the pictures.
    let fine = TrackTiming(timeBase: Ratio(1, 24_000))
    var player = Player([(sound, fine), (picture, .transport)])
    player.show(at: .zero)
    for n: Int64 in 0..<10 {
      player.hear(at: TimeSpan(ticks: 1 + 2400 * n, Ratio(1, 24_000)))
      player.show(at: milliseconds(100 + 100 * n))
    }
    let played = player.finish()
    #expect(played.sounds[0].firstSample == 0)
    let third = TimeSpan(ticks: 1, Ratio(1, 24_000))
    #expect(played.coverages(sound).allSatisfy { $0.halfWidth >= third && $0.halfWidth < third * 2 })
  }
}
