import Media
import Testing

@testable import Seam

/// Item by item, what a worker may say of a source called "a".
@Suite struct TestimonyTests {
  private let slot = Slot(.audio)
  private let info = SourceInfo(name: "a", container: "mpegts", tracks: [], slots: [Slot(.audio)])

  /// What is wrong with the last of these, all others being right.
  private func fault(_ marks: [Mark], from first: Int32 = 0, subtitles: String? = nil) throws -> WireError? {
    var request = SourceRequest(
      sampleRate: 16_000, pictureRate: Ratio(2), stillLength: TimeSpan(seconds: 2))
    request.continuation = Continuation(epoch: first, position: .zero)
    var testimony = Testimony(
      SourceOrder("in.ts", label: "a", TrackSelection("audio")!, request, threads: 1, subtitles: subtitles))
    for mark in [.opened(info)] + marks.dropLast() { try testimony.accept([.mark(mark)]) }
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
}
