import Media
import Testing

@testable import Timeline

@Suite struct WatermarkTests {
  /// The watermarks of a track, epoch by epoch.
  private func marks(_ played: Played, _ slot: Slot) -> [[Instant]] {
    var marks: [[Instant]] = []
    for mark in played.marks {
      if case .epoch = mark { marks.append([]) }
      if case .reached(slot, let instant) = mark { marks[marks.count - 1].append(instant) }
    }
    return marks
  }

  /// Watermarks only rise, and no content comes before the one that was told last.
  private func expectKept(_ played: Played) {
    var told: [Slot: Instant] = [:]
    for content in played.output {
      switch content {
      case .mark(.epoch): told = [:]
      case .mark(.reached(let slot, let instant)):
        #expect(instant >= told[slot] ?? .zero)
        told[slot] = instant
      case .sound(let sound): #expect(sound.interval.start >= told[sound.slot] ?? .zero)
      case .picture(let picture):
        #expect(picture.instants.allSatisfy { $0.instant >= told[picture.slot] ?? .zero })
      case .mark: break
      }
    }
  }

  @Test func watermarksRiseWithTheContent() {
    var player = Player()
    player.play(
      audio: "aaaaaaaaaa.....aaaaaaaaaa",
      video: "vvvvvvvvvvvvvv......vvvvv")
    let played = player.finish()
    expectKept(played)
    #expect(marks(played, sound)[0].last == .end && marks(played, picture)[0].last == .end)
  }

  @Test func watermarksBeginAgainWithEachEpoch() {
    var player = Player()
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv", at: 100_000)
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv", at: 0)
    let played = player.finish()
    expectKept(played)
    #expect(marks(played, sound).count == 2)
    #expect(marks(played, sound)[1].first! < Instant.zero + seconds(2))
  }

  @Test func overlappingSoundIsTrimmedAndCounted() {
    var player = Player()
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv")
    player.play(audio: "aaaaaaaaaaaa", at: 800)
    let played = player.finish()
    expectKept(played)
    #expect(played.audio() == "aaaaaaaaaaaaaaaaaaaa")
    #expect(played.counters["audio_overlapped_samples"] == Int64(Player.rate / 5))
    #expect(played.sounds.reduce(0) { $0 + $1.samples.count } == 2 * Player.rate)
  }

  @Test func aTrackThatFallsSilentHoldsNobodyForMoreThanAMinute() {
    var player = Player()
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv")
    for n: Int64 in 10..<1000 { player.show(at: beat * n) }
    let told = Played(output: player.output, counters: player.keeper.counters)
    #expect(marks(told, sound)[0].last! >= Instant.zero + seconds(38))
    // It comes back too late for windows that are gone.
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", at: 38_000)
    for n: Int64 in 1000..<1010 {
      player.show(at: beat * n)
      player.hear(at: beat * n)
    }
    let played = player.finish()
    expectKept(played)
    #expect(played.epochs.count == 1)
    #expect(played.counters["audio_late_samples"] > 0)
  }

  @Test func aTrackThatNeverSpeaksDoesNotHoldTheOthersBack() {
    var player = Player()
    for n: Int64 in 0..<20 { player.show(at: beat * n) }
    #expect(player.output.isEmpty)
    player.stopWaiting()
    let played = player.finish()
    expectKept(played)
    #expect(played.video() == "01234567890123456789")
  }

  @Test func aTrackThatEndsEarlyHoldsNobody() {
    var player = Player()
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv")
    player.end(sound)
    for n: Int64 in 10..<20 { player.show(at: beat * n) }
    let told = Played(output: player.output, counters: player.keeper.counters)
    #expect(marks(told, sound)[0].last == .end)
    #expect(told.video().count >= 18)
  }

  @Test func picturesAreAskedForOnlyWhereAnInstantFalls() {
    var player = Player([(picture, .transport)])
    #expect(player.keeper.needsPicture(picture, from: 0, until: 1))  // nothing is known yet
    player.play(video: "vvv", at: 0)
    #expect(player.keeper.needsPicture(picture, from: 9000, until: 9001))
    #expect(player.keeper.needsPicture(picture, from: 8000, until: 9001))
    #expect(!player.keeper.needsPicture(picture, from: 9001, until: 18_000))
    #expect(player.keeper.needsPicture(picture, from: 9001, until: 18_001))
    #expect(player.keeper.needsPicture(picture, from: -2000, until: -1000))  // before zero: it may be straddling
  }
}
