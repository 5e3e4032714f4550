import Media
import Testing

private func grid(_ length: TimeSpan, _ hop: TimeSpan) -> Grid { Grid(length: length, hop: hop, pictureRate: Ratio(2)) }

private func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count) }

@Suite struct GridTests {
  /// Length, hop and duration in milliseconds; windows.
  @Test(
    arguments: [
      (2000, 1000, 17_000, 16), (2000, 1000, 23, 1), (2000, 1000, 0, 1), (2000, 1000, 1000, 1), (2000, 1000, 2000, 1),
      (2000, 1000, 2001, 2), (2000, 1000, 3000, 2), (2000, 1000, 3001, 3),
      // Windows side by side.
      (1000, 1000, 5000, 5), (1000, 1000, 5001, 6), (1000, 1000, 4999, 5),
      // Windows with stretches between them: one that begins at the end has nothing in it.
      (500, 1000, 5000, 5), (500, 1000, 5001, 6), (500, 1000, 5400, 6), (500, 1000, 400, 1), (500, 1000, 900, 1),
      // Long windows: the first covers all.
      (10_000, 1000, 9000, 1), (10_000, 1000, 10_000, 1), (10_000, 1000, 10_500, 2), (10_000, 1000, 21_000, 12),
    ] as [(Int64, Int64, Int64, Int64)])
  func windowsAreCountedByTheRule(_ length: Int64, _ hop: Int64, _ duration: Int64, _ count: Int64) {
    let end = Instant.zero + milliseconds(duration)
    #expect(grid(milliseconds(length), milliseconds(hop)).windowCount(end: end) == count)
  }

  /// The rule as DESIGN states it, window by window.
  private func plainCount(_ grid: Grid, _ end: Instant) -> Int64 {
    var k: Int64 = 1
    while grid.window(k).start < end, grid.window(k - 1).end < end { k += 1 }
    return k
  }

  @Test func theCountAgreesWithTheRuleOnEveryFlickAroundABorder() {
    let third = TimeSpan(ticks: 1, Ratio(1, 3))
    let spans = [
      third, TimeSpan(seconds: 1), TimeSpan(seconds: 2), milliseconds(10), TimeSpan(ticks: 1001, Ratio(1, 30_000)),
    ]
    for length in spans {
      for hop in spans {
        let grid = grid(length, hop)
        for k: Int64 in 0..<8 {
          for border in [grid.window(k).start, grid.window(k).end] {
            for off: Int64 in -1...1 {
              let end = Instant(flicks: max(0, border.flicks + off))
              #expect(grid.windowCount(end: end) == plainCount(grid, end), "\(length) \(hop) \(end)")
            }
          }
        }
      }
    }
  }

  @Test func thirdsOfASecondStayExact() {
    let grid = grid(TimeSpan(seconds: 1), TimeSpan(ticks: 1, Ratio(1, 3)))
    #expect(grid.window(3_000_000).start == Instant.zero + TimeSpan(seconds: 1_000_000))
    #expect(grid.windowCount(end: Instant.zero + TimeSpan(seconds: 10)) == 28)
  }

  @Test func windowsAreHalfOpenAndOverlapByLengthMinusHop() {
    let grid = grid(TimeSpan(seconds: 2), TimeSpan(seconds: 1))
    #expect(grid.window(5) == Interval(Instant.zero + TimeSpan(seconds: 5), Instant.zero + TimeSpan(seconds: 7)))
    #expect(grid.window(5).overlap(grid.window(6)) == TimeSpan(seconds: 1))
    #expect(grid.window(5).overlap(grid.window(7)) == .zero)
  }
}
