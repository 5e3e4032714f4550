import Media
import Testing

@testable import Align

let sound = Slot(.audio)
let picture = Slot(.video)
let words = Slot(.text)

func at(_ milliseconds: Int64) -> Instant { Instant.zero + TimeSpan(milliseconds: milliseconds) }
func span(_ start: Int64, _ end: Int64) -> Interval { Interval(at(start), at(end)) }

/// An aligner of windows of 2 s each second, fed in milliseconds. Its vectors are the pooled steps themselves.
struct Feed {
  private var aligner: Aligner
  private(set) var output: [Aligned] = []

  init(
    _ slots: [Slot] = [sound, picture], present: [Slot]? = nil, choice: WindowChoice = WindowChoice(),
    keepsSteps: Bool = false, creationTime: Int64? = nil,
    grid: Grid = Grid(length: TimeSpan(seconds: 2), hop: TimeSpan(seconds: 1), pictureRate: Ratio(2))
  ) {
    aligner = Aligner(grid, slots: slots, choice: choice, keepsSteps: keepsSteps) { _, pooled in
      pooled.contains { $0 != 0 } ? pooled : nil
    }
    open(present ?? slots, creationTime: creationTime)
  }

  mutating func open(_ slots: [Slot], creationTime: Int64? = nil) {
    mark(.opened(SourceInfo(name: "clip", container: "nut", tracks: [], slots: slots, creationTime: creationTime)))
  }

  mutating func mark(_ mark: Mark) { output += aligner.accept(.mark(mark)) }

  mutating func epoch(_ index: Int32 = 0, start: Int64 = 0) {
    mark(
      .epoch(
        Epoch(
          index: index, reason: .start, start: TimeSpan(milliseconds: start), originPTS: 0, timeBase: Ratio(1, 1000))))
  }

  mutating func step(
    _ slot: Slot, _ start: Int64, _ end: Int64, _ vector: [Float], valid: Float = 1, quality: Float = 0,
    isReused: Bool = false
  ) {
    let step = Step(
      slot: slot, epoch: 0, interval: span(start, end), valid: valid, vector: vector, quality: quality,
      isReused: isReused)
    output += aligner.accept(.step(step))
  }

  mutating func lose(_ slot: Slot, _ start: Int64, _ end: Int64) {
    output += aligner.accept(.lost(slot, epoch: 0, span(start, end)))
  }

  /// Real content; its native stamps are milliseconds.
  mutating func cover(
    _ slot: Slot, _ start: Int64, _ end: Int64, halfWidth: TimeSpan = .zero, isInferred: Bool = false
  ) {
    mark(
      .covered(
        Coverage(
          slot: slot, epoch: 0, interval: span(start, end), pts: start, timeBase: Ratio(1, 1000), halfWidth: halfWidth,
          isInferred: isInferred,
          sampleLength: slot == sound ? TimeSpan(milliseconds: 1) : .zero)))
  }

  mutating func show(_ start: Int64, at instants: Int64...) {
    for instant in instants {
      mark(
        .shown(
          ShownFrame(
            slot: picture, epoch: 0, instant: at(instant), pts: start, timeBase: Ratio(1, 90_000), start: at(start),
            halfWidth: .zero, isInferred: false)))
    }
  }

  mutating func say(_ text: String, _ start: Int64, _ end: Int64, slot: Slot = words) {
    mark(.cue(Cue(slot: slot, epoch: 0, interval: span(start, end), text: text)))
  }

  mutating func reach(_ slot: Slot, _ milliseconds: Int64) { mark(.reached(slot, at(milliseconds))) }
  mutating func close(_ end: Int64, epoch: Int32 = 0) { mark(.closed(epoch: epoch, end: at(end))) }

  var accounts: Aligner.Accounts { aligner.accounts }
  var windows: [Window] { output.compactMap { if case .window(let window) = $0 { window } else { nil } } }
  var indices: [Int64] { windows.map(\.index) }
  var counts: [Int64] { output.compactMap { if case .ended(_, let count) = $0 { count } else { nil } } }

  func track(_ slot: Slot, window: Int = 0) -> WindowTrack { windows[window].tracks.first { $0.slot == slot }! }
}

@Suite struct AlignerTests {
  @Test func windowsWaitForTheSlowestTrack() {
    var feed = Feed()
    feed.epoch()
    feed.reach(sound, 5000)
    #expect(feed.indices == [])
    feed.reach(picture, 1999)
    #expect(feed.indices == [])
    feed.reach(picture, 2000)
    #expect(feed.indices == [0])
    feed.reach(picture, 4500)
    #expect(feed.indices == [0, 1, 2])
    feed.close(5000)
    #expect(feed.indices == [0, 1, 2, 3])
  }

  @Test func aTrackThatHasEndedHoldsNobody() {
    var feed = Feed()
    feed.epoch()
    feed.mark(.reached(sound, .end))
    feed.reach(picture, 3000)
    #expect(feed.indices == [0, 1])
    feed.mark(.reached(picture, .end))  // how far the content reaches is told by the close
    #expect(feed.indices == [0, 1])
    feed.close(3500)
    #expect(feed.indices == [0, 1, 2])
  }

  @Test func aTrackThatTheSourceLacksHoldsNobodyAndIsMasked() {
    var feed = Feed(present: [sound])
    feed.epoch()
    feed.step(sound, 0, 2000, [1])
    feed.cover(sound, 0, 2000)
    feed.reach(sound, 2000)
    #expect(feed.indices == [0])
    #expect(feed.track(picture).valid == 0 && feed.track(picture).vector == nil)
    #expect(feed.track(sound).valid == 1 && feed.track(sound).vector == [1])
    #expect(feed.windows[0].timeState == nil && feed.windows[0].uncertainty == nil)
  }

  @Test func textNeverHoldsAWindowOpen() {
    var feed = Feed([sound, words])
    feed.epoch()
    feed.reach(sound, 2000)
    #expect(feed.indices == [0])
  }

  @Test func aWatermarkThatGoesBackIsNotBelieved() {
    var feed = Feed([sound])
    feed.epoch()
    feed.reach(sound, 2500)
    feed.reach(sound, 500)
    feed.reach(sound, 3000)
    #expect(feed.indices == [0, 1])
  }

  @Test(arguments: [(17_000, 16), (23, 1), (0, 1), (3000, 2), (3001, 3)] as [(Int64, Int64)])
  func theCloseEmitsAllWindowsThatTheEpochHas(_ end: Int64, _ count: Int64) {
    var feed = Feed()
    feed.epoch()
    feed.close(end)
    #expect(feed.indices == Array(0..<count))
    feed.mark(.ended(SourceOutcome(name: "clip", ending: .complete)))
    #expect(feed.counts == [count])
  }

  @Test func eachEpochBeginsItsOwnWindowsWithoutTheOldSteps() {
    var feed = Feed([sound])
    feed.epoch()
    feed.step(sound, 0, 2000, [1])
    feed.close(3000)
    feed.epoch(1, start: 3000)
    feed.close(1000, epoch: 1)
    feed.mark(.ended(SourceOutcome(name: "clip", ending: .complete)))
    #expect(feed.windows.map(\.epoch) == [0, 0, 1])
    #expect(feed.indices == [0, 1, 0])
    #expect(feed.track(sound, window: 2).vector == nil)
    #expect(feed.counts == [3])
  }

  @Test func whatComesBetweenEpochsMakesNoWindow() {
    var feed = Feed([sound])
    feed.epoch()
    feed.close(1000)
    feed.reach(sound, 50_000)
    feed.epoch(1, start: 1000)
    feed.close(1000, epoch: 1)
    feed.mark(.ended(SourceOutcome(name: "clip", ending: .complete)))
    #expect(feed.indices == [0, 0])
    #expect(feed.counts == [2])
  }

  @Test func eachSourceIsCountedForItself() {
    var feed = Feed([sound])
    feed.epoch()
    feed.close(3000)
    feed.mark(.ended(SourceOutcome(name: "clip", ending: .complete)))
    // The next one could not even be opened.
    feed.mark(.ended(SourceOutcome(name: "gone", ending: .failed("gone", exitCode: 66))))
    #expect(feed.counts == [2, 0])
  }

  @Test func wallTimeIsTheSourcesAtTheEpochsZero() {
    var feed = Feed([sound], creationTime: 1_000_000_000)
    feed.epoch(1, start: 2500)
    feed.close(1000)
    #expect(feed.windows[0].wallZero == 1_002_500_000)
    #expect(feed.windows[0].wallUncertaintyMicroseconds == 1_000_000)
  }

  @Test func aLiveSourcesWallTimeIsTheLatestTold() {
    var feed = Feed([sound], creationTime: 1_000_000_000)
    func tell(_ epoch: Int32, _ zero: Int64, _ width: Int64) {
      feed.mark(.wall(WallTime(epoch: epoch, zero: zero, uncertaintyMicroseconds: width, basis: .arrival)))
    }
    feed.epoch()
    tell(0, 5_000_000, 40_000)
    feed.mark(.reached(sound, at(2000)))
    tell(0, 5_000_300, 20_000)
    tell(1, 9_000_000, 1)  // of another epoch
    feed.close(3000)
    #expect(feed.windows.map(\.wallZero) == [5_000_000, 5_000_300])
    #expect(feed.windows.map(\.wallUncertaintyMicroseconds) == [40_000, 20_000])
  }

  @Test func beforeTheSendersReportsNoBoundIsClaimed() {
    var feed = Feed()
    feed.mark(
      .epoch(
        Epoch(
          index: 0, reason: .start, start: .zero, originPTS: 0, timeBase: Ratio(1, 1000), isLocked: false)))
    feed.cover(sound, 0, 2000)
    feed.cover(picture, 0, 2000)
    feed.close(2000)
    #expect(feed.windows[0].timeState == .unlocked && feed.windows[0].uncertainty == nil)
  }
}

@Suite struct WindowChoiceTests {
  private func chosen(_ choice: WindowChoice) -> Feed {
    var feed = Feed([sound], choice: choice)
    feed.epoch()
    for second: Int64 in 0..<10 { feed.step(sound, second * 1000, second * 1000 + 1000, [Float(second + 1)]) }
    feed.close(10_000)
    feed.epoch(1, start: 10_000)
    feed.close(5000)
    feed.mark(.ended(SourceOutcome(name: "clip", ending: .complete)))
    return feed
  }

  @Test func windowsAreChosenByTheirStartAndKeepTheirNumbers() {
    let feed = chosen(WindowChoice(start: TimeSpan(milliseconds: 2500), duration: TimeSpan(seconds: 3)))
    #expect(feed.indices == [3, 4, 5])
    #expect(feed.track(sound).vector == [4.5])
  }

  @Test func positionsGoOnOverEpochs() {
    let feed = chosen(WindowChoice(start: TimeSpan(seconds: 8), duration: TimeSpan(seconds: 4)))
    #expect(feed.windows.map(\.epoch) == [0, 1, 1])
    #expect(feed.indices == [8, 0, 1])
  }

  @Test func theLimitCountsWhatIsEmitted() {
    #expect(chosen(WindowChoice(start: TimeSpan(seconds: 2), limit: 2)).indices == [2, 3])
  }

  @Test func theSourceCountsWindowsThatNobodyChose() {
    #expect(chosen(WindowChoice(limit: 1)).counts == [13])
  }

  @Test func positionsPastTheEndAreNeverWanted() {
    let choice = WindowChoice(start: TimeSpan(seconds: 2), duration: TimeSpan(seconds: 3))
    #expect(!choice.isPast(TimeSpan(milliseconds: 4999)) && choice.isPast(TimeSpan(seconds: 5)))
    #expect(!WindowChoice(start: TimeSpan(seconds: 2)).isPast(TimeSpan(seconds: 1_000_000)))
  }
}

/// One mark may end any number of windows, and text may be a book.
@Suite struct BoundTests {
  @Test func aLongStretchComesInPortions() {
    let grid = Grid(length: TimeSpan(seconds: 2), hop: TimeSpan(seconds: 1), pictureRate: Ratio(2))
    var aligner = Aligner(grid, slots: [sound]) { _, _ in nil }
    let info = SourceInfo(name: "clip", container: "nut", tracks: [], slots: [sound])
    let epoch = Epoch(index: 0, reason: .start, start: .zero, originPTS: 0, timeBase: Ratio(1, 1000))
    for mark in [Mark.opened(info), .epoch(epoch), .reached(sound, at(1_000_000))] {
      aligner.note(.mark(mark))
      while let portion = aligner.next() { #expect((1...256).contains(portion.count)) }
    }
    #expect(aligner.accounts.due == 999)
    aligner.note(.mark(.closed(epoch: 0, end: at(2_000_000))))
    #expect(aligner.next()?.count == 256)
    while aligner.next() != nil {}
    #expect(aligner.accounts.due == 1999)
  }

  private func feed(_ texts: [String]) -> Feed {
    var feed = Feed([sound, words])
    feed.epoch()
    for text in texts {
      feed.mark(.cue(Cue(slot: words, epoch: 0, interval: span(0, 4000), text: text)))
    }
    feed.cover(sound, 0, 4000)
    feed.close(4000)
    return feed
  }

  @Test func theTextOfAWindowIsCutAndSaysSo() throws {
    let feed = feed(Array(repeating: String(repeating: "é", count: 10_000), count: 5))
    for window in feed.windows {
      let text = try #require(window.text)
      #expect(text.hasSuffix("é…") && (65_000...65_536).contains(text.utf8.count))
    }
    #expect(feed.windows.count == 3 && feed.accounts.cutTexts == 3)
  }

  @Test func asManyCuesAreKeptAsThereIsRoomFor() {
    let feed = feed(Array(repeating: String(repeating: "a", count: 1 << 20), count: 20))
    #expect(feed.accounts.cutTexts == 5 + 3)
  }
}

/// Content that was let go because nobody could keep up.
@Suite struct DroppedTests {
  /// 12 s in windows of 2 s each second, of which `let go` is a stretch.
  private func feed(_ dropped: Interval...) -> Feed {
    var feed = Feed([sound])
    feed.epoch()
    for interval in dropped { feed.mark(.dropped(epoch: 0, interval)) }
    feed.cover(sound, 0, 12_000)
    feed.reach(sound, 12_000)
    feed.close(12_000)
    return feed
  }

  @Test func everyWindowThatItTouchesIsDroppedWholeAndTheNextOneSaysHowMany() {
    // 0  1  2  3  4  5  6  7  8  9  10 11 12
    //             [  let go  )
    let feed = feed(span(4000, 7000))
    #expect(feed.indices == [0, 1, 2, 7, 8, 9, 10])
    #expect(feed.windows.map(\.dropped) == [0, 0, 0, 4, 0, 0, 0])
  }

  @Test func dueIsGivenPlusDropped() {
    let accounts = feed(span(500, 600), span(9000, 9001)).accounts
    #expect(accounts.due == 11)
    #expect(accounts.dropped == 3)
    #expect(accounts.due == accounts.given + accounts.dropped + accounts.unwanted)
  }

  @Test func whatWasLetGoInOneEpochDoesNotTouchTheNext() {
    var feed = feed(span(11_000, 20_000))
    feed.epoch(1, start: 12_000)
    feed.cover(sound, 0, 2000)
    feed.close(2000, epoch: 1)
    #expect(feed.windows.last.map { ($0.epoch, $0.index, $0.dropped) }! == (1, 0, 1))
  }
}
