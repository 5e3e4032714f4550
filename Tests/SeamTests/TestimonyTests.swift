import Media
import Synchronization
import Testing

@testable import Seam

/// Item by item, what a worker may say of a source called "a".
@Suite struct TestimonyTests {
  private let slot = Slot(.audio)
  private let info = SourceInfo(name: "a", container: "mpegts", tracks: [], slots: [Slot(.audio)])

  /// What is wrong with the last of these, all others being right, at so many seconds after the beginning each.
  private func fault(
    _ marks: [Mark], from first: Int32 = 0, subtitles: String? = nil, _ pace: MediaPace = .recorded,
    at times: [Int] = []
  ) throws -> WireError? {
    let clock = Mutex(Duration.zero)
    var request = SourceRequest(
      sampleRate: 16_000, pictureRate: Ratio(2), stillLength: TimeSpan(seconds: 2))
    request.continuation = Continuation(epoch: first, position: .zero)
    var testimony = Testimony(
      SourceOrder("in.ts", label: "a", TrackSelection("audio")!, request, threads: 1, subtitles: subtitles), pace,
      now: { clock.withLock { $0 } })
    try testimony.accept([.mark(.opened(info))])
    for (n, mark) in marks.dropLast().enumerated() {
      if n < times.count { clock.withLock { $0 = .seconds(times[n]) } }
      try testimony.accept([.mark(mark)])
    }
    if let last = times.last { clock.withLock { $0 = .seconds(last) } }
    do throws(WireError) { try testimony.accept([.mark(marks.last!)]) } catch { return error }
    return nil
  }

  private func epoch(_ index: Int32) -> Mark {
    .epoch(Epoch(index: index, reason: .start, start: .zero, originPTS: nil, timeBase: Ratio(1)))
  }

  private func reached(_ seconds: Int64) -> Mark { .reached(slot, .zero + TimeSpan(seconds: seconds)) }

  private func covered(_ start: Int64, _ end: Int64, sampleLength: TimeSpan = TimeSpan(flicks: 14_700)) -> Mark {
    let interval = Interval(.zero + TimeSpan(seconds: start), .zero + TimeSpan(seconds: end))
    return .covered(
      Coverage(
        slot: slot, epoch: 0, interval: interval, pts: nil, timeBase: Ratio(1), halfWidth: .zero, isInferred: false,
        sampleLength: sampleLength))
  }

  @Test func whatASourceReallySaysIsBelieved() throws {
    let day: Int64 = 86_400
    let marks = [
      epoch(4), covered(0, 3), reached(2), reached(3 * day), reached(6 * day), .closed(epoch: 4, end: .zero), epoch(5),
      reached(1), epoch(6), .reached(slot, .end), .ended(SourceOutcome(name: "a", ending: .complete)),
    ]
    #expect(try fault(marks, from: 4) == nil)
  }

  @Test func aSampleIsNoLongerThanASecondAndNothingWasLetGo() throws {
    #expect(try fault([epoch(0), covered(0, 10, sampleLength: TimeSpan(seconds: 1))]) == nil)
    #expect(try fault([epoch(0), covered(0, 10, sampleLength: TimeSpan(flicks: .max))]) != nil)
    #expect(try fault([epoch(0), .dropped(epoch: 0, Interval(.zero, .zero + TimeSpan(seconds: 1)))]) != nil)
  }

  @Test func textThatNothingPassesIsBounded() throws {
    func cues(_ count: Int) -> [Mark] {
      let interval = Interval(.zero, .zero + TimeSpan(seconds: 2))
      let cue = Cue(slot: Slot(.text), epoch: 0, interval: interval, text: String(repeating: "a", count: 1 << 16))
      return Array(repeating: .cue(cue), count: count)
    }
    #expect(try fault([epoch(0)] + cues(512), subtitles: "a.srt") == nil)
    #expect(try fault([epoch(0)] + cues(513), subtitles: "a.srt") != nil)
    #expect(try fault([epoch(0)] + cues(512) + [reached(1)] + cues(512), subtitles: "a.srt") == nil)
  }

  @Test func nobodySpeaksInAnothersName() throws {
    #expect(try fault([.opened(SourceInfo(name: "b", container: "", tracks: [], slots: []))]) != nil)
    #expect(try fault([.ended(SourceOutcome(name: "b", ending: .complete))])?.what == "another source's name")
  }

  @Test func aSourceIsOpenedOnce() throws {
    #expect(try fault([.opened(info)])?.what == "a source opened twice")
  }

  @Test(arguments: [(0, 0), (0, 2), (0, .max), (0, -1)] as [(Int32, Int32)])
  func epochsGoOnwardsByLittle(open: Int32, next: Int32) throws {
    #expect(try fault([epoch(open), epoch(next)])?.what == "epoch \(next) where \(open + 1) was due")
  }

  @Test func onlyTracksThatItHasAndThatWereAskedForHaveContent() throws {
    #expect(try fault([epoch(0), .reached(Slot(.video), .zero)])?.what == "content of video, which it has not")
    let cue = Cue(slot: slot, epoch: 0, interval: Interval(.zero, .zero), text: "")
    #expect(try fault([epoch(0), .cue(cue)])?.what == "content of audio, which it has not")
    let beside = Mark.cue(Cue(slot: Slot(.text), epoch: 0, interval: Interval(.zero, .zero), text: ""))
    #expect(try fault([epoch(0), beside]) != nil)
    #expect(try fault([epoch(0), beside], subtitles: "a.srt") == nil, "cues that lie beside it")
  }

  @Test func nothingComesAfterTheEnd() throws {
    let end = Mark.ended(SourceOutcome(name: "a", ending: .complete))
    #expect(try fault([end, end])?.what == "something after the end")
  }

  @Test func whatNoWatermarkPassesIsNotKeptWithoutEnd() throws {
    let step = [covered(0, 1), covered(0, 1), covered(0, 1)]
    let honest = (1...20).flatMap { step + [reached($0)] }
    #expect(try fault([epoch(0)] + honest) == nil)
    var many = [epoch(0)]
    many.reserveCapacity(1 << 20)
    for _ in 0...1 << 19 { many.append(covered(0, 1)) }
    #expect(try fault(many)?.what == "524289 marks that nothing passes")
  }

  @Test func timeGoesOnByThreeDaysAtMostForItsWindowsAreWork() throws {
    #expect(try fault([epoch(0), reached(259_201)])?.what == "259201.0 s after 0.0 s")
    #expect(try fault([epoch(0), covered(0, 1 << 30)]) != nil)
    #expect(try fault([epoch(0), .closed(epoch: 0, end: .end)]) != nil)
    #expect(try fault([epoch(0), reached(-259_201)]) != nil)
    #expect(try fault([epoch(0), reached(200_000), epoch(1), reached(300_000)]) != nil, "each epoch from its zero")
  }

  @Test func whatHasNoMeasureIsNoContent() throws {
    #expect(try fault([epoch(0), covered(0, 1, sampleLength: .zero)])?.what == "a stretch without a measure")
    #expect(try fault([epoch(0), covered(2, 1)])?.what == "a stretch that ends before it begins")
  }

  // MARK: Live

  @Test func aLiveSourceGoesOnAsFastAsOurClockAndALittleMore() throws {
    let burst = [epoch(0), covered(0, 30), reached(100), reached(180), reached(300)]
    #expect(try fault(burst, .sent, at: [0, 0, 0, 20, 60]) == nil)
    #expect(try fault([epoch(0), reached(121)], .sent)?.what == "121.0 s after 0.0 s")
    #expect(try fault([epoch(0), reached(100), reached(220)], .sent, at: [0, 0, 20]) != nil)
    #expect(try fault([epoch(0)] + (1...1000).map(reached), .sent, at: [0] + (1...1000)) == nil)
  }

  /// Three days in every message would be a store full of nothing.
  @Test func newEpochsDoNotMakeALiveSourceFaster() throws {
    let epochs = (0..<10).flatMap { [epoch($0), reached(100)] }
    #expect(try fault(Array(epochs.prefix(4)), .sent) != nil)
    #expect(try fault(epochs, .sent, at: (0..<20).map { 20 * $0 }) == nil)
  }

  @Test func whatIsFetchedAsFastAsItCanBeMayHaveADayBehindItAndNotThree() throws {
    let hours = (1...4).map { reached($0 * 6 * 3600) }
    #expect(try fault([epoch(0)] + hours, .taken) == nil, "a playlist of a day")
    #expect(try fault([epoch(0)] + hours + [reached(24 * 3600 + 1)], .taken) != nil)
    #expect(try fault([epoch(0), reached(7 * 3600)], .taken) != nil, "each message is work")
    let minutes = [epoch(0)] + (1...200).map { reached($0 * 1000) }
    #expect(try fault(minutes, .taken, at: [0] + (1...200)) == nil, "a thousand times as fast")
  }

  @Test(arguments: [
    ("rtsp://cam/1", false), ("SRT://host:1", false), ("udp://127.0.0.1:1", false), ("https://host/x.m3u8", true),
    ("HTTP://host/x.mp4", true), ("/srv/pipe", true), ("file:///x", true), ("", true),
  ])
  func whoSetsThePaceIsKnownByTheAddress(_ address: String, isTaken: Bool) {
    #expect(MediaPace.live(address).longestStep == (isTaken ? MediaPace.taken : .sent).longestStep)
  }

  @Test func anEpochThatIsLeftOpenIsClosedWhereItsContentEnded() throws {
    let request = SourceRequest(sampleRate: 16_000, pictureRate: Ratio(2), stillLength: TimeSpan(seconds: 2))
    let order = SourceOrder("in.ts", label: "a", TrackSelection("audio")!, request, threads: 1)
    var testimony = Testimony(order, .recorded, now: { .zero })
    try testimony.accept([.mark(.opened(info))])
    #expect(testimony.closing.isEmpty && !testimony.hasBegun)
    try testimony.accept([.mark(epoch(0)), .mark(covered(0, 5)), .mark(reached(9))])
    #expect(throws: WireError.self) { try testimony.accept([.mark(covered(5, 7)), .mark(epoch(7))]) }
    guard case .mark(.closed(0, let end)) = try #require(testimony.closing.first) else { throw WireError("open") }
    #expect(end.sinceZero == TimeSpan(seconds: 5), "what was refused is not content")
    try testimony.accept([.mark(.closed(epoch: 0, end: .zero + TimeSpan(seconds: 9)))])
    #expect(testimony.closing.isEmpty && testimony.hasBegun && !testimony.hasEnded)
  }
}
