import Media
import Testing

@testable import Timeline

@Suite struct LatenessTests {
  private var player = Player(jitterWait: milliseconds(200))

  /// Plays a second of tenths from `start`, as it would come from a live source.
  private mutating func live(_ audio: Bool, _ video: Bool, from start: Int64, seconds: Int64 = 1) {
    for n in 0..<10 * seconds {
      let time = milliseconds(start + 100 * n)
      if video { player.show(at: time) }
      if audio { player.hear(at: time) }
      player.pass(milliseconds: start + 100 * n)
    }
  }

  private func told(_ slot: Slot) -> Instant {
    player.output.reduce(.zero) { latest, content in
      if case .mark(.reached(slot, let instant)) = content { instant } else { latest }
    }
  }

  @Test mutating func aTrackThatFallsSilentIsWaitedForAsLongAsAgreed() {
    live(true, true, from: 0, seconds: 4)
    live(false, true, from: 4000, seconds: 1)
    // A jitter wait ago pictures had come up to 4.7 s; sound is usually no more than a beat behind.
    #expect(told(sound) >= Instant.zero + milliseconds(4500))
    #expect(told(sound) <= Instant.zero + milliseconds(4700))
  }

  @Test mutating func withinTheWaitNothingIsGivenUp() {
    live(true, true, from: 0, seconds: 4)
    for n: Int64 in 0..<10 { player.show(at: milliseconds(4000 + 100 * n)) }
    player.pass(milliseconds: 4090)
    player.play(audio: "aaaaaaaaaa", at: 4000)
    let played = player.finish()
    #expect(played.audio() == String(repeating: "a", count: 50))
    #expect(played.counters["audio_late_samples"] == 0)
  }

  @Test mutating func whatComesLaterIsDroppedAndCountedNeverMerged() {
    live(true, true, from: 0, seconds: 4)
    live(false, true, from: 4000, seconds: 2)
    let border = told(sound)
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", at: 4000)
    live(true, true, from: 6000, seconds: 1)
    let played = player.finish()
    #expect(played.counters["audio_late_samples"] > Int64(Player.rate))
    #expect(
      played.sounds.allSatisfy {
        $0.interval.end <= Instant.zero + seconds(4) || $0.interval.start >= border
      })
    #expect(played.epochs.count == 1)
    #expect(played.audio().hasSuffix("aaaaaaaaaa") && played.audio().count == 70)
  }

  @Test mutating func latePicturesAreDroppedAndCounted() {
    live(true, true, from: 0, seconds: 4)
    live(true, false, from: 4000, seconds: 2)
    let border = told(picture)
    #expect(border >= Instant.zero + milliseconds(5300))
    player.play(video: "vvvvvvvvvvvvvvvvvvvv", at: 4000)
    live(true, true, from: 6000, seconds: 1)
    let played = player.finish()
    #expect(played.counters["video_late_frames"] > 10)
    let late = played.pictures.flatMap(\.instants).filter {
      $0.instant > Instant.zero + seconds(4) && $0.instant < border
    }
    #expect(late.isEmpty)
  }

  @Test mutating func aTrackThatIsAlwaysBehindIsNotLate() {
    // A broadcast's sound comes a second after the pictures of its time.
    for n: Int64 in 0..<100 {
      player.show(at: milliseconds(100 * n))
      if n >= 10 { player.hear(at: milliseconds(100 * (n - 10))) }
      player.pass(milliseconds: 100 * n)
    }
    let played = player.finish()
    #expect(played.counters["audio_late_samples"] == 0)
    #expect(played.audio() == String(repeating: "a", count: 90))
  }

  @Test func withoutAJitterWaitNothingIsLateForAMinute() {
    var player = Player()
    player.play(audio: "aaaaaaaaaa", video: "vvvvvvvvvv")
    for n: Int64 in 10..<500 {
      player.show(at: milliseconds(100 * n))
      player.pass(milliseconds: 100 * n)
    }
    player.play(audio: "aaaaaaaaaa", at: 1000)
    #expect(player.finish().counters["audio_late_samples"] == 0)
  }
}
