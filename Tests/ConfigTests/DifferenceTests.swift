import Config
import Testing

@Suite struct DifferenceTests {
  private func difference(_ old: String, _ new: String) throws -> ConfigDifference {
    ConfigDifference(from: try config(old), to: try config(new), words)
  }

  @Test func aReloadTellsWhichSourcesCameChangedAndWent() throws {
    let found = try difference(
      "sources: {a: {url: a}, b: {url: b}, c: {url: c}}", "sources: {d: {url: d}, c: {url: c}, b: {url: x}}")
    #expect(found.added == ["d"] && found.changed == ["b"] && found.removed == ["a"])
    #expect(found.applied.isEmpty && found.warning == nil)
    #expect(found.words == "added: d; changed: b; removed: a")
  }

  @Test func keysThatWaitForARestartAreNamed() throws {
    let found = try difference("", "hop: 2s\nlive: {stall: 20s}\nrecords: {keep_age: 1d, sync: 20ms}")
    #expect(found.waiting == ["hop", "records.sync"] && found.applied == ["records.keep_age", "live.stall"])
    #expect(found.warning == "these keys wait for a restart: hop, records.sync")
  }

  @Test func whatTheDaemonTakesOverAtOnceIsNoneOfThem() throws {
    let found = try difference("", "records: {segment_size: 1MiB, segment_age: 2h}\nlimits: {sources: 9, memory: 2GiB}")
    #expect(found.applied == ["records.segment_size", "records.segment_age", "limits.sources"])
    #expect(found.waiting == ["limits.memory"])
  }

  @Test func theSameFileIsNoDifference() throws {
    let text = repositoryFile("configs/live.yaml")
    #expect(try difference(text, text + "\n# remark\n").isEmpty)
    #expect(try difference(text, text).words == "nothing changed")
    #expect(try !difference("", "threads: 4").isEmpty)
  }
}
