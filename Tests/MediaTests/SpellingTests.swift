import Media
import Testing

@Suite struct SpellingTests {
  @Test(
    arguments: [
      ("2s", 2_000_000), ("2", 2_000_000), ("500ms", 500_000), ("20us", 20), ("1.5m", 90_000_000),
      ("2min", 120_000_000),
      ("1h", 3_600_000_000), ("30d", 2_592_000_000_000), ("00:01:02.5", 62_500_000), ("1:02", 62_000_000), ("0", 0),
    ] as [(String, Int64)])
  func lengthsOfTimeAreRead(_ text: String, _ microseconds: Int64) {
    #expect(TimeSpan(spelt: text) == TimeSpan(ticks: microseconds, Ratio(1, 1_000_000)))
  }

  @Test(arguments: ["", "s", "-1s", "1 s", "1e3s", "1w", "1/0s", "1:2:3:4", "1s2", "99999999d", "٣s", ".", "1.2.3"])
  func otherTextsAreNoLengthOfTime(_ text: String) { #expect(TimeSpan(spelt: text) == nil) }

  @Test(arguments: ["0s", "1us", "200ms", "90s", "1m", "1h", "30d", "1500us"])
  func lengthsOfTimeAreWrittenInTheLargestUnitThatFits(_ text: String) throws {
    #expect(try #require(TimeSpan(spelt: text)).spelling == text)
  }

  @Test(arguments: ["1/3s", "7/44100s"])
  func whatFitsNoUnitSurvivesWriting(_ text: String) throws {
    let span = try #require(TimeSpan(spelt: text))
    #expect(TimeSpan(spelt: span.spelling) == span)
  }

  @Test(arguments: [("2", Ratio(2)), ("0.5", Ratio(5, 10)), ("30000/1001", Ratio(30_000, 1001)), ("1/3", Ratio(1, 3))])
  func ratesAreRead(_ text: String, _ rate: Ratio) { #expect(Ratio(spelt: text) == rate) }

  @Test(arguments: ["0", "-1", "1001", "1/100001", "two", "1/0", ""])
  func otherTextsAreNoRate(_ text: String) { #expect(Ratio(spelt: text) == nil) }

  @Test(arguments: [
    ("0", 0), ("65536", 65_536), ("64KiB", 65_536), ("256MiB", 268_435_456), ("1GB", 1_000_000_000), ("1.5kB", 1500),
    ("20GiB", 21_474_836_480), ("21474836480", 21_474_836_480), ("7B", 7), ("0.5KiB", 512), ("1TiB", 1 << 40),
    ("1048576TiB", 1 << 60),
  ])
  func sizesAreRead(_ text: String, _ bytes: Int) { #expect(ByteCount.parse(text) == bytes) }

  @Test(arguments: [
    "", "KiB", "-1", "1.1B", "1/2KiB", "1048577TiB", "9999999999999999999", "1 GiB", "1gib", "0x10", "1K",
  ])
  func otherTextsAreNoSize(_ text: String) { #expect(ByteCount.parse(text) == nil) }

  @Test(arguments: ["0", "1", "64KiB", "4MiB", "20GiB", "1TiB", "1500", "768MiB"])
  func sizesAreWrittenInTheLargestBinaryUnit(_ text: String) throws {
    #expect(ByteCount.spelling(try #require(ByteCount.parse(text))) == (text == "1" ? "1" : text))
  }
}
