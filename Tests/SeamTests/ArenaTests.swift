import Testing

@testable import Seam

@Suite struct ArenaTests {
  private let megabyte = 1 << 20

  @Test func placesAreTakenFromTheBeginningAgain() {
    var arena = PictureArena()
    let first = arena.take(megabyte)
    let second = arena.take(2 * megabyte)
    #expect(first == 0 && second == megabyte)
    arena.release(0)
    #expect(arena.take(megabyte / 2) == 0)
    #expect(arena.take(megabyte) == 3 * megabyte, "the hole is too small")
  }

  @Test func twoPicturesAreAlwaysOnTheirWayHoweverLarge() {
    var arena = PictureArena()
    let largest = 3 * 36_000_000
    #expect(arena.take(largest) == 0)
    #expect(arena.take(largest) == largest)
    #expect(arena.take(1) == nil)
    arena.release(0)
    #expect(arena.take(1) == 0)
  }

  @Test func manySmallOnesFillTheBudgetAndNoMore() {
    var arena = PictureArena()
    var count = 0
    while arena.take(megabyte) != nil { count += 1 }
    #expect(count == PictureArena.budget / megabyte)
  }
}
