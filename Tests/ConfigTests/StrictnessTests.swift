import Config
import Testing

@Suite struct StrictnessTests {
  @Test func aMisspeltKeyIsNamedWithItsLineAndItsNeighbour() {
    #expect(
      complaints("hop: 1s\nsources:\n  front:\n    url: a\n    widnow: 2s\n    lisen: true\n") == [
        "t.yaml:5: sources.front: unknown key 'widnow'",
        "t.yaml:6: sources.front: unknown key 'lisen', did you mean 'listen'?",
      ])
    #expect(complaints("widnow: 2s\n") == ["t.yaml:1: unknown key 'widnow', did you mean 'window'?"])
    #expect(complaints("records:\n  snyc: 20ms\n") == ["t.yaml:2: records: unknown key 'snyc', did you mean 'sync'?"])
  }

  @Test func aSuggestionIsMadeOnlyWhereItIsNear() {
    #expect(complaints("colour: red\n") == ["t.yaml:1: unknown key 'colour'"])
  }

  @Test func aDuplicateKeyIsNamed() {
    #expect(complaints("hop: 1s\nwindow: 2s\nhop: 2s\n") == ["t.yaml:1: has the key 'hop' twice"])
    #expect(complaints("hop: 1s\n\"hop\": 2s\n") == ["t.yaml:1: has the key 'hop' twice"])
  }

  @Test(arguments: [
    ("records: 5\n", "records: is a plain value, not a map of keys"),
    ("records: [1]\n", "records: is a list, not a map of keys"),
    ("records:\n", "records: has no value"),
    ("hop: [1s]\n", "hop: is a list, not one value"),
    ("hop: {a: 1}\n", "hop: is a map, not one value"),
    ("hop:\n", "hop: has no value"),
    ("hop: ~\n", "hop: has no value"),
    ("hop: soon\n", "hop: 'soon' is no length of time such as 500ms, 2s or 1h"),
    ("threads: 2.5\n", "threads: '2.5' is no whole number"),
    ("threads: -1\n", "threads: '-1' is no whole number"),
    ("deterministic: yes\n", "deterministic: 'yes' is neither true nor false"),
    ("records: {segment_size: 1.1B}\n", "records.segment_size: '1.1B' is no size such as 65536, 64KiB or 1GB"),
    ("fps: 0\n", "fps: '0' is no rate such as 2, 0.5 or 30000/1001"),
    ("tracks: smell\n", "tracks: 'smell' is not tracks such as audio,video or audio:deu"),
    ("fuse: concta\n", "fuse: 'concta' is not one of mean, concat, did you mean 'concat'?"),
    ("model: ''\n", "model: is empty"),
    ("[a, b]\n", "is a list, not a map of keys"),
    ("just words\n", "is a plain value, not a map of keys"),
  ])
  func aValueOfTheWrongKindIsNamed(_ text: String, _ complaint: String) {
    #expect(complaints(text) == ["t.yaml:1: \(complaint)"])
  }

  @Test(arguments: [
    ("window: 0s", "window: '0s' is not between 1ms and 1h"),
    ("window: 2h", "window: '2h' is not between 1ms and 1h"),
    ("threads: 65", "threads: '65' is not between 1 and 64"),
    ("records: {sync: 201ms}", "records.sync: '201ms' is not between 1ms and 200ms"),
    ("records: {reader_buffer: 1KiB}", "records.reader_buffer: '1KiB' is not between 64KiB and 1GiB"),
    ("live: {jitter: 11s}", "live.jitter: '11s' is not between 0s and 10s"),
  ])
  func aValueOutOfRangeIsNamedWithItsBounds(_ text: String, _ complaint: String) {
    #expect(complaints(text) == ["t.yaml:1: \(complaint)"])
  }

  @Test(arguments: ["\"0660\"", "0660", "\"0600\"", "0777"])
  func modesAreOctal(_ mode: String) throws {
    #expect(try config("records: {mode: \(mode)}\n").records.mode & 0o600 == 0o600)
  }

  @Test(arguments: ["660", "432", "0o660", "0460", "01777", "0888", "rw-rw----"])
  func otherModesAreRefused(_ mode: String) { #expect(complaints("records: {mode: \(mode)}\n").count == 1) }

  @Test func allErrorsAreToldInTheOrderOfTheLinesUpToTwenty() {
    let lines = complaints("window: soon\nhopp: 1s\nthreads: 0\nsources: {front: {kind: file}}\n")
    #expect(lines.map { $0.prefix(9) } == ["t.yaml:1:", "t.yaml:2:", "t.yaml:3:", "t.yaml:4:"])
    let many = complaints((0..<30).map { "key_number_\($0): 1\n" }.joined())
    #expect(many.count == 21 && many.last == "t.yaml: 10 more problems")
  }

  @Test(arguments: [("a: [1\n", 2), ("a: 1\n\tb: 2\n", 2), ("a: 'x\n", 2), ("a: b: c\n", 1), ("\u{1}\n", 1)])
  func brokenYAMLIsNamedWithItsLine(_ text: String, _ line: Int) {
    let said = complaints(text)
    #expect(said.count == 1 && said[0].hasPrefix("t.yaml:\(line): is not valid YAML: "), "\(said)")
  }

  @Test func twoDocumentsAreRefused() { #expect(complaints("hop: 1s\n---\nhop: 2s\n").count == 1) }

  @Test(arguments: [nil, "", "\n", "---\n", "# nothing\n", "~\n", "{}\n", "\u{FEFF}hop: 1s\n"])
  func anEmptyFileIsTheDefaults(_ text: String?) throws {
    let read = try config(text)
    #expect(read == DaemonConfig())
  }
}
