import Media
import Testing

@testable import Timeline

@Suite struct EpochTests {
  private var player = Player()

  @Test mutating func anUnbrokenSourceIsOneEpoch() {
    player.play(
      audio: "aaaaaaaaaaaaaaaaaaaa",
      video: "vvvvvvvvvvvvvvvvvvvv", at: 5000)
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(
      played.epochs[0] == Epoch(index: 0, reason: .start, start: .zero, originPTS: 450_000, timeBase: Ratio(1, 90_000)))
    #expect(played.audio() == "aaaaaaaaaaaaaaaaaaaa")
    #expect(played.video() == "01234567890123456789")
    #expect(played.ends == [Instant.zero + seconds(2)])
    #expect(played.counters["audio_stamps_rejected"] == 0 && played.counters["video_stamps_rejected"] == 0)
  }

  @Test mutating func lostSoundIsAHoleInTheSameEpoch() {
    player.play(
      audio: "aaaaaaaaaa.....aaaaaaaaaa",
      video: "vvvvvvvvvvvvvvvvvvvvvvvvv")
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.audio() == "aaaaaaaaaa.....aaaaaaaaaa")
    #expect(played.video() == "0123456789012345678901234")
  }

  @Test mutating func lostPicturesAreMaskedAfterThreeIntervals() {
    player.play(
      audio: "aaaaaaaaaaaaaaaaaaaaaaaaa",
      video: "vvvvvvvvvv......vvvvvvvvv")
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.audio() == "aaaaaaaaaaaaaaaaaaaaaaaaa")
    #expect(played.video() == "012345678999----012345678")
    #expect(played.shown.filter { $0.pts == 9 * 9000 }.count == 7)
  }

  @Test mutating func aBackwardJumpOfAllTracksIsANewEpoch() {
    player.play(
      audio: "aaaaaaaaaaaaaaaaaaaa",
      video: "vvvvvvvvvvvvvvvvvvvv", at: 100_000)
    player.play(
      audio: "aaaaaaaaaaaaaaa",
      video: "vvvvvvvvvvvvvvv", at: 7000)
    let played = player.finish()
    #expect(played.epochs.map(\.reason) == [.start, .jump])
    #expect(played.epochs.map(\.index) == [0, 1])
    #expect(played.epochs.map(\.start) == [.zero, seconds(2)])
    #expect(played.epochs.map(\.originPTS) == [9_000_000, 630_000])
    #expect(played.audio(epoch: 0) == "aaaaaaaaaaaaaaaaaaaa")
    #expect(played.audio(epoch: 1) == "aaaaaaaaaaaaaaa")
    #expect(played.video(epoch: 0) == "01234567890123456789")
    #expect(played.video(epoch: 1) == "012345678901234")
    #expect(played.ends == [Instant.zero + seconds(2), Instant.zero + milliseconds(1500)])
  }

  @Test mutating func threeEpochsStandOneAfterTheOther() {
    for start: Int64 in [500_000, 200_000, 90_000] {
      player.play(
        audio: "aaaaaaaaaaaaaaaaaaaa",
        video: "vvvvvvvvvvvvvvvvvvvv", at: start)
    }
    let played = player.finish()
    #expect(played.epochs.map(\.start) == [.zero, seconds(2), seconds(4)])
    #expect(played.ends == [Instant.zero + seconds(2), Instant.zero + seconds(2), Instant.zero + seconds(2)])
  }

  @Test mutating func aForwardJumpOfMoreThanAMinuteIsANewEpoch() {
    player.play(
      audio: "aaaaaaaaaa",
      video: "vvvvvvvvvv")
    player.play(
      audio: "aaaaaaaaaa",
      video: "vvvvvvvvvv", at: 62_001)
    let played = player.finish()
    #expect(played.epochs.map(\.reason) == [.start, .jump])
    #expect(played.audio(epoch: 1) == "aaaaaaaaaa")
    #expect(played.video(epoch: 1) == "0123456789")
  }

  @Test mutating func aTrackThatBeginsHoursAfterAllElseIsAnEpochOfItsOwn() {
    for n: Int64 in 0..<20 {
      player.show(at: TimeSpan(milliseconds: 100 * n))
      player.hear(at: TimeSpan(milliseconds: 36_000_000 + 100 * n))
    }
    let played = player.finish()
    #expect(played.epochs.map(\.index) == [0, 1])
    #expect(played.video(epoch: 0) == "01234567890123456789")
    #expect(played.audio(epoch: 0) == "")
    #expect(played.audio(epoch: 1) == "aaaaaaaaaaaaaaaaaaaa")
    #expect(played.ends == [Instant.zero + seconds(2), Instant.zero + seconds(2)])
    #expect(played.epochs[1].start == seconds(36_000))
  }

  @Test func tracksThatLieHoursApartAreEpochsOneAfterTheOther() {
    let second = Slot(.audio, 1)
    var player = Player([(sound, .transport), (second, .transport), (picture, .transport)])
    func tone(_ milliseconds: Int64) -> Player.Packet {
      .sound(DecodedSound(pts: 90 * milliseconds, samples: [Float](repeating: 1, count: 800), rate: 8000))
    }
    for n: Int64 in 0..<20 {
      player.show(at: TimeSpan(milliseconds: 100 * n))
      player.push(tone(36_000_000 + 100 * n), sound)
      player.push(tone(18_000_000 + 100 * n), second)
    }
    let played = player.finish()
    #expect(played.epochs.map(\.start) == [.zero, seconds(18_000), seconds(36_000)])
    #expect(played.ends.map(\.sinceZero) == [seconds(2), seconds(2), seconds(2)])
    #expect(played.video(epoch: 0).count == 20 && played.audio(epoch: 2) == "aaaaaaaaaaaaaaaaaaaa")
  }

  @Test mutating func soundThatBeginsLateBesidePicturesStaysInTheirEpoch() {
    player.play(video: String(repeating: "v", count: 900))
    player.play(
      audio: String(repeating: "a", count: 50),
      video: String(repeating: "v", count: 50), at: 90_000)
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.audio() == String(repeating: ".", count: 900) + String(repeating: "a", count: 50))
    #expect(played.ends == [Instant.zero + seconds(95)])
  }

  @Test mutating func aForwardJumpOfAMinuteIsAHole() {
    player.play(
      audio: "aaaaaaaaaa",
      video: "vvvvvvvvvv")
    player.play(
      audio: "aaaaaaaaaa",
      video: "vvvvvvvvvv", at: 60_000)
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.audio().filter { $0 == "a" }.count == 20)
    #expect(played.ends == [Instant.zero + seconds(61)])
  }

  @Test(arguments: [-80_000, 80_000, -5000] as [Int64])
  func soundThatJumpsAloneIsRejected(_ jump: Int64) {
    var player = Player()
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv", at: 100_000)
    // Twenty packets on a place of their own while the pictures go on for five seconds.
    for n: Int64 in 0..<60 {
      let time = milliseconds(102_000 + 100 * n)
      player.show(at: time)
      player.hear(at: n < 20 ? time + milliseconds(jump) : time)
    }
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.counters["audio_stamps_rejected"] > 0)
    #expect(played.audio().hasPrefix("aaaaaaaaaaaaaaaaaaaa"))
    #expect(played.audio().hasSuffix("aaaaaaaaaaaaaaaaaaaa") && played.audio().count == 80)
    #expect(played.ends == [Instant.zero + seconds(8)])
  }

  @Test(arguments: [-80_000, 80_000, -5000] as [Int64])
  func picturesThatJumpAloneAreRejected(_ jump: Int64) {
    var player = Player()
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", video: "vvvvvvvvvvvvvvvvvvvv", at: 100_000)
    for n: Int64 in 0..<60 {
      let time = milliseconds(102_000 + 100 * n)
      player.show(at: n < 20 ? time + milliseconds(jump) : time)
      player.hear(at: time)
    }
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.counters["video_stamps_rejected"] > 0)
    #expect(played.audio() == String(repeating: "a", count: 80))
    #expect(played.ends == [Instant.zero + seconds(8)])
  }

  @Test mutating func oneTrackAloneMayJump() {
    var player = Player([(sound, .transport)])
    player.play(audio: "aaaaaaaaaaaaaaaaaaaa", at: 100_000)
    player.play(audio: "aaaaaaaaaa", at: 0)
    let played = player.finish()
    #expect(played.epochs.map(\.start) == [.zero, seconds(2)])
    #expect(played.audio(epoch: 1) == "aaaaaaaaaa")
  }

  @Test mutating func aWrapIsNoJump() {
    player.play(
      audio: "aaaaaaaaaaaaaaaaaaaa",
      video: "vvvvvvvvvvvvvvvvvvvv", at: (1 << 33) / 90 - 1000)
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.video() == "01234567890123456789")
    #expect(played.shown.allSatisfy { $0.pts! < 1 << 33 && $0.pts! >= 0 })
    #expect(played.coverages(sound).allSatisfy { $0.pts! < 1 << 33 && $0.pts! >= 0 })
  }
}
