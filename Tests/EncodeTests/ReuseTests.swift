import Media
import Synchronization
import Testing

@testable import Encode

/// Grey pictures two a second; the vector of one is its grey.
@Suite struct ReuseTests {
  private let model = Batcher()

  private func grey(_ value: UInt8, _ index: Int64, slot: Slot = sight, epoch: Int32 = 0) -> Item {
    .picture(
      Picture(
        slot: slot, epoch: epoch, instant: Instant(index: index, rate: Ratio(2)), valid: 1,
        image: Signals.plain(value, value, value)))
  }

  private func greys(_ values: [UInt8]) -> [Item] { values.indices.map { grey(values[$0], Int64($0)) } }

  /// Draws the steps: the vector, with `=` behind one that was taken over; `-` for none. batch: items that go in
  /// together.
  private func draw(
    _ items: [Item], below limit: Double = 2, batch: Int = 1, unanswered: Set<UInt8>? = nil
  ) throws -> [String] {
    var stage = EncodeStage(
      unanswered.map { Batcher(unanswered: $0) } ?? model, pictureRate: Ratio(2), reuse: PictureReuse(below: limit))
    var encoded: [Encoded] = []
    for first in stride(from: 0, to: items.count, by: batch) {
      encoded += try stage.accept(Array(items[first..<min(items.count, first + batch)]))
    }
    return encoded.compactMap { item in
      switch item {
      case .step(let step): "\(Int(step.vector[0]))" + (step.isReused ? "=" : "")
      case .lost: "-"
      case .mark: nil
      }
    }
  }

  @Test func picturesThatAreAlikeAreEncodedOnce() throws {
    #expect(try draw(greys([7, 7, 7, 7])) == ["7", "7=", "7=", "7="])
    #expect(model.calls.withLock(\.self) == [1])
  }

  @Test func theLimitItselfIsTooFar() throws {
    #expect(try draw(greys([10, 12, 13]), below: 2) == ["10", "12", "12="])
    #expect(try draw(greys([10, 12, 13]), below: 2.001) == ["10", "10=", "13"])
  }

  @Test func smallStepsDoNotAddUp() throws {
    #expect(try draw(greys([10, 11, 12, 13, 14, 15])) == ["10", "10=", "12", "12=", "14", "14="])
  }

  @Test func aCutIsAlwaysEncoded() throws {
    #expect(try draw(greys([10, 10, 200, 200, 10])) == ["10", "10=", "200", "200=", "10"])
  }

  @Test func pictureIsComparedAsAWholeNotByItsMean() throws {
    let (one, other) = (Signals.painting(64, 64, shift: 0, seed: 1), Signals.painting(64, 64, shift: 9, seed: 2))
    var stage = EncodeStage(model, pictureRate: Ratio(2), reuse: PictureReuse(below: 2))
    #expect(try stage.steps([picture(one, 0), picture(other, 1)]).map(\.isReused) == [false, false])
  }

  @Test func nothingIsTakenOverFromAnotherTrack() throws {
    let second = Slot(.video, 1)
    let items = [grey(10, 0), grey(11, 0, slot: second), grey(10, 1), grey(11, 1, slot: second)]
    #expect(try draw(items) == ["10", "11", "10=", "11="])
  }

  @Test(arguments: [1, 5])
  func nothingIsTakenOverFromAnotherEpochOrSource(batch: Int) throws {
    let next = Epoch(index: 1, reason: .start, start: .zero, originPTS: nil, timeBase: Ratio(1))
    let opened = SourceInfo(name: "b", container: "nut", tracks: [], slots: [sight], creationTime: nil)
    let items = [
      grey(7, 0), .mark(.closed(epoch: 0, end: .end)), .mark(.epoch(next)), grey(8, 0, epoch: 1),
      .mark(.opened(opened)), grey(9, 0), grey(9, 1),
    ]
    #expect(try draw(items, batch: batch) == ["7", "8", "9", "9="])
  }

  @Test(arguments: [2, 3, 7, 64])
  func batchesChangeNothing(batch: Int) throws {
    let items = greys((0..<64).map { UInt8(40 + ($0 * $0 / 7) % 5) })
    #expect(try draw(items, batch: batch) == draw(items))
  }

  @Test func onlyTheOthersOfABatchAreEncoded() throws {
    _ = try draw(greys([10, 10, 90, 91, 10, 50]), batch: 6)
    #expect(model.calls.withLock(\.self) == [4])
  }

  /// 49 resembles the 50 that got no vector, but not the 51 that did.
  @Test(arguments: [1, 2, 6])
  func noPictureTakesOverFromOneItWasNotComparedWith(batch: Int) throws {
    let items = greys([10, 50, 51, 49, 49, 50])
    #expect(try draw(items, batch: batch, unanswered: [50]) == ["10", "-", "51", "49", "49=", "49="])
    let others = greys([50, 50, 50, 51, 52, 10])
    #expect(try draw(others, batch: batch, unanswered: [50]) == ["-", "-", "-", "51", "51=", "10"])
  }

  @Test func everyTenSecondsAPictureIsEncodedAnyway() throws {
    let steps = try draw(greys([UInt8](repeating: 7, count: 50)))
    #expect(steps.indices.filter { steps[$0] == "7" } == [0, 20, 40])
  }

  @Test func whatIsStillOnScreenAfterTenSecondsIsEncodedForItself() throws {
    let (one, other) = (Signals.plain(7, 7, 7), Signals.plain(8, 8, 8))
    let items = [picture(one, 17)] + (18..<22).map { picture(other, $0) }
    #expect(try draw(items) == ["7", "7=", "7=", "8", "8"])
  }

  @Test(arguments: [1, 12, 19, 20, 21, 33])
  func whoeverBeginsTenSecondsBeforeDecidesAlike(skipped: Int) throws {
    let images = (0..<40).map { Signals.plain(UInt8(40 + ($0 * $0 / 3) % 4), 40, 40) }
    let items = (0..<80).map { picture(images[$0 / 2], Int64($0)) }
    let late = try draw(Array(items.dropFirst(skipped)))
    #expect(try late.dropFirst(20) == draw(items).dropFirst(skipped + 20))
  }
}
