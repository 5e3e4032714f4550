import Media
import Testing

@Suite struct NounTests {
  @Test func columnsOfFurtherTracksAreNumberedFromTwo() {
    #expect(Slot(.video).name == "video")
    #expect(Slot(.video, 1).name == "video_2")
    #expect(Slot(.audio, 2).name == "audio_3")
  }

  @Test func countersAddUpAndUnknownOnesAreZero() {
    var counters = Counters()
    counters.add("dropped")
    counters.add("dropped", 2)
    var others = Counters()
    others.add("dropped", 4)
    others.add("failed")
    counters.add(others)
    #expect(counters["dropped"] == 7)
    #expect(counters["failed"] == 1)
    #expect(counters["in"] == 0)
  }

  @Test func theWorseTimeStateIsTheGreater() {
    #expect(
      [TimeState.unlocked, .exact, .inferred, .quantised].sorted() == [.exact, .quantised, .inferred, .unlocked])
    #expect(max(TimeState.exact, .inferred) == .inferred)
  }

  @Test func statusesAreWrittenAsTheDocsListThem() {
    let all: [Embedding.Status] = [.ok, .noContent, .decodeError, .dropped]
    #expect(all.map(\.rawValue) == ["ok", "no_content", "decode_error", "dropped"])
  }

  @Test func aRatioIsWrittenAsAFraction() {
    #expect(Ratio(30_000, 1001).description == "30000/1001")
    #expect(Ratio(25).inverse == Ratio(1, 25))
  }
}
