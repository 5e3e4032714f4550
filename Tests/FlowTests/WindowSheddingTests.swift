import Dispatch
import Media
import Testing

@testable import Flow

/// Windows of one second; pictures of 300 bytes, two a second, and sound of 100 samples a second.
@Suite struct WindowSheddingTests {
  private let video = Slot(.video)
  private let audio = Slot(.audio)

  private func shedding(hop: Int64 = 1000) -> WindowShedding {
    WindowShedding(
      Grid(length: TimeSpan(seconds: 1), hop: TimeSpan(milliseconds: hop), pictureRate: Ratio(2)))
  }

  private func at(_ seconds: Double) -> Instant { Instant(index: Int64(seconds * 1000), rate: Ratio(1000)) }

  private func picture(_ seconds: Double, epoch: Int32 = 0) -> HandOver {
    let image = RGBImage(width: 10, height: 10, pixels: [UInt8](repeating: 0, count: 300))
    let picture = Picture(slot: video, epoch: epoch, instant: at(seconds), valid: 1, image: image)
    return HandOver(
      items: [.picture(picture), .mark(.reached(video, at(seconds)))], arrived: .milliseconds(Int(seconds * 1000)))
  }

  private func sound(_ seconds: Double) -> HandOver {
    let run = AudioRun(
      slot: audio, epoch: 0, firstSample: Int64(seconds * 100), rate: 100, samples: [Float](repeating: 0, count: 100))
    return HandOver(items: [.sound(run)], arrived: .zero)
  }

  private func pictures(_ times: [Double], epoch: Int32 = 0) -> [HandOver] { times.map { picture($0, epoch: epoch) } }

  private func mark(_ mark: Mark) -> HandOver { HandOver(items: [.mark(mark)], arrived: .zero) }

  private func opening(_ index: Int32) -> HandOver {
    mark(.epoch(Epoch(index: index, reason: .start, start: .zero, originPTS: nil, timeBase: Ratio(1))))
  }

  /// What is left: instants of pictures and starts of sound, and in `-` what was let go.
  private func words(_ handOvers: [HandOver]) -> [String] {
    handOvers.flatMap(\.items).compactMap { item in
      switch item {
      case .picture(let picture): "\(picture.epoch): \(picture.instant.sinceZero.seconds)"
      case .sound(let run): "sound \(run.firstSample / 100)"
      case .mark(.dropped(let epoch, let interval)):
        "\(epoch): \(interval.start.sinceZero.seconds) - \(interval.end.sinceZero.seconds)"
      case .mark(.epoch(let epoch)): "epoch \(epoch.index)"
      default: nil
      }
    }
  }

  @Test func theOldestWholeWindowsGoAndThatIsSaidFirst() {
    var shedding = shedding()
    let waiting = pictures([0, 0.5, 1, 1.5, 2, 2.5])
    #expect(words(shedding.shed(waiting, soft: 1100, hard: 2000)) == ["0: 0.0 - 2.0", "0: 2.0", "0: 2.5"])
  }

  @Test func aWindowThatHasBegunIsCompleted() {
    var shedding = shedding()
    shedding.took([opening(0)] + pictures([0]))
    let waiting = pictures([0.5, 1, 1.5, 2])
    #expect(
      words(shedding.shed(waiting, soft: 900, hard: 1400)) == ["0: 1.0 - 2.0", "0: 0.5", "0: 2.0"])
  }

  @Test func whatComesLaterOfAWindowLetGoIsNotKept() {
    var shedding = shedding()
    shedding.took(pictures([0]))
    #expect(words(shedding.shed(pictures([0.5, 1]), soft: 300, hard: 600)) == ["0: 1.0 - 2.0", "0: 0.5"])
    let late = shedding.admit(picture(1.5))
    #expect(late.map { words([$0]) } == [], "where the track has come to is still told")
    #expect(shedding.admit(picture(2)).map { words([$0]) } == ["0: 2.0"])
  }

  @Test func ofWhatHasBegunTheNewestGoesWhereThereIsNoOtherWay() {
    var shedding = shedding()
    shedding.took(pictures([0, 1]))
    #expect(words(shedding.shed(pictures([0.5, 1.5]), soft: 300, hard: 600)) == ["0: 1.0 - 2.0", "0: 0.5"])
    #expect(words(shedding.shed(pictures([0.5]), soft: 0, hard: 0)) == ["0: 0.0 - 1.0"])
  }

  @Test func noMoreGoesThanMustWhereHalfWouldTakeWhatHasBegun() {
    var shedding = shedding()
    shedding.took(pictures([0]))
    let waiting = [sound(0), sound(1), picture(0.5), picture(1), picture(2)]
    #expect(
      words(shedding.shed(waiting, soft: 600, hard: 1200)) == ["0: 1.0 - 2.0", "sound 0", "0: 0.5", "0: 2.0"])
  }

  /// A hop goes with all windows that touch it: with two in each window, what only they need goes too.
  @Test func whatNoWindowNeedsAnyMoreGoesToo() {
    var shedding = shedding(hop: 500)
    shedding.took(pictures([0]))
    // Window 0 needs hop 1. Letting go hop 2 costs windows 1 and 2; hop 3 stays for window 3.
    let left = shedding.shed(pictures([0.5, 1, 1.5, 2]), soft: 1300, hard: 1300)
    #expect(words(left) == ["0: 1.0 - 1.5", "0: 0.5", "0: 1.5", "0: 2.0"])
    // Hops 3 and 4 cost windows 2 to 4.
    #expect(words(shedding.shed(left, soft: 700, hard: 800)) == ["0: 1.0 - 2.5", "0: 0.5"])
  }

  @Test func aHopWhoseWindowsAreAllGoneGoesWithThem() {
    var shedding = shedding(hop: 500)
    _ = shedding.shed(pictures([0.5]), soft: 0, hard: 0)
    _ = shedding.shed(pictures([1.5]), soft: 0, hard: 0)
    // Hops 1 and 3 cost windows 0 to 3: hop 2 is in none that is left.
    #expect(shedding.admit(picture(1)).map { words([$0]) } == [])
    #expect(shedding.admit(picture(2)).map { words([$0]) } == ["0: 2.0"])
  }

  @Test func eachEpochIsToldWhatItLost() {
    var shedding = shedding()
    shedding.took([opening(0)] + pictures([0, 0.5]))
    let waiting = pictures([1, 1.5]) + [opening(1)] + pictures([0, 0.5, 1], epoch: 1)
    #expect(
      words(shedding.shed(waiting, soft: 700, hard: 1000)) == ["0: 1.0 - 2.0", "epoch 1", "1: 0.0 - 1.0", "1: 1.0"])
  }

  @Test func whatIsOnlyToldDoesNotPileUp() {
    var shedding = shedding()
    let waiting = (0..<1000).map { mark(.reached($0 % 2 == 0 ? video : audio, at(Double($0)))) } + pictures([999.5])
    let left = shedding.shed(waiting, soft: 500, hard: 600)
    #expect(left.count == 2 && words(left) == ["0: 999.5"], "without them nothing need go")
    let reached = left.flatMap(\.items).compactMap { item -> Double? in
      guard case .mark(.reached(_, let instant)) = item else { return nil }
      return instant.sinceZero.seconds
    }
    #expect(reached == [998, 999, 999.5])
  }

  /// Whatever comes: the bound holds, and a window that is given is whole.
  @Test(arguments: [400, 700, 1100, 2300])
  func underAnyOverloadTheBoundHoldsAndSomeWindowsAreWhole(limit: Int) {
    let funnel = Funnel<HandOver>(limit: 1 << 20, weigh: \.byteCount)
    let lane = funnel.open(1, limit: limit, shedding())
    var (given, lost): ([Double], [Interval]) = ([], [])
    for n in 0..<400 {
      #expect(lane.send(picture(Double(n) / 2)))
      #expect(funnel.weight <= max(limit, 428))
      guard n % 5 == 4, let taken = funnel.receive(most: .max, timeout: .now()) else { continue }
      for item in taken.flatMap(\.elements).flatMap(\.items) {
        switch item {
        case .picture(let picture): given.append(picture.instant.sinceZero.seconds)
        case .mark(.dropped(_, let interval)): lost.append(interval)
        default: break
        }
      }
    }
    let whole = (0..<195).filter { window in
      !lost.contains { $0.overlap(Interval(at(Double(window)), at(Double(window) + 1))) > .zero }
    }
    for window in whole { #expect(given.count { Int($0) == window } == 2) }
    #expect(whole.count >= (limit < 428 ? 0 : 35))
  }
}
