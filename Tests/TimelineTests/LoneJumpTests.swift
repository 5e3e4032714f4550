import Media
import Testing

@testable import Timeline

/// Live: one track's stamps leave the others'. Who holds packets back for two seconds is tired of it.
@Suite struct LoneJumpTests {
  private var player = Player(jitterWait: milliseconds(200))
  private var now: Int64 = 0
  private var holding: Int64?

  /// Stamps do not begin at zero.
  private static let base: Int64 = 100_000

  /// Plays up to `end` milliseconds. Each track's stamps are off by so much; nil: nothing comes of it.
  /// - Parameter lag: how far pictures are behind sound in the stream.
  private mutating func live(until end: Int64, sound: Int64? = 0, picture: Int64? = 0, lag: Int64 = 0) {
    while now < end {
      if let picture, now >= lag { player.show(at: milliseconds(Self.base + now - lag + picture)) }
      if let sound { player.hear(at: milliseconds(Self.base + now + sound)) }
      now += 100
      player.pass(milliseconds: now)
      hold()
    }
  }

  private mutating func hold() {
    guard player.isHolding else { return holding = nil }
    let since = holding ?? now
    holding = since
    guard now - since >= 2000 else { return }
    holding = nil
    player.stopWaiting(.tired)
  }

  /// How far a stretch lies from where it was captured, if its stamps are off by `shift` milliseconds.
  private func error(_ coverage: Coverage, shift: Int64) -> TimeSpan {
    coverage.interval.start.sinceZero
      - (TimeSpan(ticks: coverage.pts!, Ratio(1, 90_000)) - milliseconds(Self.base + shift))
  }

  private func instant(_ milliseconds: Int64) -> Instant { Instant.zero + TimeSpan(milliseconds: milliseconds) }

  @Test(arguments: [-3000, 61_000, -80_000] as [Int64])
  func soundThatJumpsForAWhileIsRejectedThoughPicturesLag(_ jump: Int64) {
    var test = self
    test.live(until: 6000, lag: 1500)
    test.live(until: 7000, sound: jump, lag: 1500)
    test.live(until: 20_000, lag: 1500)
    let played = test.player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.counters["audio_stamps_rejected"] > 0 && played.counters["video_late_frames"] == 0)
    #expect(played.coverages(sound).allSatisfy { error($0, shift: 0) == .zero && !$0.isInferred })
    #expect(played.coverages(sound).last!.interval.end == instant(20_000))
    #expect(played.shown.map(\.instant) == (0..<185).map { instant(100 * $0) })
  }

  /// Held packets come in a burst, after the others have gone on: that is no slip.
  @Test(arguments: [-3000, -1200, 61_000] as [Int64], [200, 500, 1800, 2900] as [Int64])
  func whatWasHeldMeanwhileKeepsItsPlace(_ jump: Int64, _ length: Int64) {
    for lag in [0, 1500] as [Int64] {
      var test = self
      test.live(until: 6000, lag: lag)
      test.live(until: 6000 + min(length, abs(jump) - 100), sound: jump, lag: lag)
      test.live(until: 16_000, lag: lag)
      let played = test.player.finish()
      let heard = played.coverages(sound)
      #expect(played.epochs.count == 1 && !heard.last!.isInferred)
      #expect(heard.allSatisfy { error($0, shift: $0.isInferred ? jump : 0) == .zero })
      #expect(heard.last!.interval.end == instant(16_000))
    }
  }

  /// As containers with large chunks have it: two seconds of one track, then two of the other.
  @Test func inALooselyInterleavedFileNothingIsMended() {
    var player = Player()
    for chunk: Int64 in 0..<8 {
      for n in 20 * chunk..<20 * chunk + 20 { player.show(at: milliseconds(Self.base + 100 * n)) }
      for n in 20 * chunk..<20 * chunk + 20 {
        player.hear(at: milliseconds(Self.base + 100 * n - ((65..<68).contains(n) ? 5000 : 0)))
      }
    }
    let played = player.finish()
    #expect(played.epochs.count == 1 && played.counters["audio_clock_mended"] == 0)
    #expect(played.coverages(sound).allSatisfy { error($0, shift: 0) == .zero && !$0.isInferred })
    #expect(played.coverages(sound).last!.interval.end == instant(16_000))
  }

  @Test(arguments: [-3000, 61_000] as [Int64])
  func picturesThatJumpForAWhileAreRejected(_ jump: Int64) {
    var test = self
    test.live(until: 6000)
    test.live(until: 7000, picture: jump)
    test.live(until: 20_000)
    let played = test.player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.counters["video_stamps_rejected"] > 0 && played.counters["audio_late_samples"] == 0)
    #expect(played.coverages(sound).last!.interval.end == instant(20_000))
    #expect(played.coverages(picture).allSatisfy { error($0, shift: 0) == .zero && !$0.isInferred })
  }

  @Test mutating func soundThatJumpsWhilePicturesAreSilentBeginsAnEpoch() {
    live(until: 6000)
    live(until: 12_000, sound: -3000, picture: nil)
    let played = player.finish()
    #expect(played.epochs.map(\.reason) == [.start, .jump])
    #expect(played.coverages(sound, epoch: 1).map(\.interval.length).reduce(.zero, +) == seconds(6))
    #expect(played.counters["audio_stamps_rejected"] == 0)
  }

  @Test mutating func soundThatJumpsIsHeldUntilPicturesFollow() {
    live(until: 6000, lag: 1500)
    live(until: 7500, sound: -50_000, lag: 1500)
    live(until: 12_000, sound: -50_000, picture: -50_000, lag: 1500)
    let played = player.finish()
    #expect(played.epochs.map(\.reason) == [.start, .jump])
    #expect(played.counters["audio_stamps_rejected"] == 0 && played.counters["video_stamps_rejected"] == 0)
    #expect(played.coverages(sound, epoch: 1).map(\.interval.length).reduce(.zero, +) == seconds(6))
  }

  @Test(arguments: [-1200, -3000, 61_000, -80_000] as [Int64], [0, 1500] as [Int64])
  func soundThatStaysAwayGoesOnBesideThePicturesAndIsInferred(_ jump: Int64, _ lag: Int64) {
    var test = self
    test.live(until: 6000, lag: lag)
    test.live(until: 24_000, sound: jump, lag: lag)
    let played = test.player.finish()
    let heard = played.coverages(sound)
    let (before, after) = (
      heard.filter { $0.interval.start < instant(6000) }, heard.filter { $0.interval.start >= instant(6000) }
    )
    #expect(played.epochs.count == 1)
    #expect(before.allSatisfy { !$0.isInferred && error($0, shift: 0) == .zero })
    #expect(after.allSatisfy { $0.isInferred && error($0, shift: jump).magnitude <= $0.halfWidth })
    #expect(after.allSatisfy { error($0, shift: jump) == .zero && $0.halfWidth < seconds(4) })
    #expect(after.first?.interval.start ?? .end <= instant(20_000))
    #expect(after.last?.interval.end ?? .zero >= instant(23_900))
    #expect(played.counters["audio_clock_mended"] == 1 && played.counters["audio_stamps_rejected"] > 0)
    #expect(played.coverages(picture).allSatisfy { !$0.isInferred } && played.counters["video_late_frames"] == 0)
  }

  @Test(arguments: [-3000, 61_000] as [Int64])
  func picturesThatStayAwayGoOnBesideTheSoundAndAreInferred(_ jump: Int64) {
    var test = self
    test.live(until: 6000)
    test.live(until: 24_000, picture: jump)
    let played = test.player.finish()
    let after = played.coverages(picture).filter { $0.interval.start >= instant(6000) }
    #expect(played.epochs.count == 1)
    #expect(after.allSatisfy { $0.isInferred && error($0, shift: jump).magnitude <= $0.halfWidth })
    #expect(
      after.first?.interval.start ?? .end <= instant(20_000) && after.last?.interval.end ?? .zero >= instant(23_900))
    #expect(played.counters["video_clock_mended"] == 1)
    #expect(played.coverages(sound).last!.interval.end == instant(24_000))
  }

  @Test mutating func contentThatWasLostOnTheWayIsNotPulledTogether() {
    live(until: 6000)
    live(until: 9000, sound: nil)  // lost, and after that on a new line
    live(until: 24_000, sound: -80_000)
    let after = player.finish().coverages(sound).filter { $0.interval.start >= instant(6000) }
    #expect(!after.isEmpty && after.allSatisfy { $0.isInferred && error($0, shift: -80_000).magnitude <= $0.halfWidth })
  }

  @Test mutating func whoComesBackToItsOwnStampsIsBelievedAgain() {
    live(until: 6000)
    live(until: 24_000, sound: -3000)
    live(until: 48_000)
    let played = player.finish()
    let last = played.coverages(sound).filter { $0.interval.start >= instant(36_000) }
    #expect(played.epochs.count == 1 && !last.isEmpty)
    #expect(last.allSatisfy { !$0.isInferred && error($0, shift: 0) == .zero })
  }

  @Test mutating func anEpochOfAllTracksEndsTheRepair() {
    live(until: 6000)
    live(until: 14_000, sound: -3000)
    live(until: 24_000, sound: -90_000, picture: -90_000)
    let played = player.finish()
    #expect(played.epochs.map(\.reason) == [.start, .jump])
    #expect(played.coverages(sound, epoch: 1).allSatisfy { !$0.isInferred })
    #expect(played.audio(epoch: 1) == String(repeating: "a", count: 100))
  }

  @Test mutating func whoseOthersFallSilentWhileItIsAwayBeginsAnEpoch() {
    live(until: 6000)
    live(until: 10_000, sound: -80_000)
    live(until: 20_000, sound: -80_000, picture: nil)
    let played = player.finish()
    #expect(played.epochs.map(\.reason) == [.start, .jump])
    #expect(played.coverages(sound, epoch: 1).map(\.interval.length).reduce(.zero, +) > seconds(5))
  }

  @Test func rarePicturesAreNotSilent() {
    var timing = TrackTiming.transport
    timing.nominalInterval = seconds(5)
    var test = self
    test.player = Player([(sound, .transport), (picture, timing)], jitterWait: milliseconds(200))
    for n in 0..<8 {
      let jump: Int64 = n == 4 ? -80_000 : 0
      test.player.show(at: milliseconds(Self.base + test.now))
      test.live(until: test.now + 5000, sound: jump, picture: nil)
    }
    let played = test.player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.coverages(sound).last!.interval.end == instant(40_000))
    #expect(played.coverages(sound).allSatisfy { error($0, shift: 0) == .zero && !$0.isInferred })
  }

  @Test func inAFileNoTrackIsLostForEver() {
    var player = Player()
    for n: Int64 in 0..<240 {
      player.show(at: milliseconds(Self.base + 100 * n))
      player.hear(at: milliseconds(Self.base + 100 * n - (n < 60 ? 0 : 5000)))
    }
    let played = player.finish()
    #expect(played.epochs.count == 1)
    #expect(played.coverages(sound).last!.interval.end == instant(24_000))
    #expect(played.coverages(sound).allSatisfy { $0.isInferred == ($0.interval.start >= instant(6000)) })
  }
}
