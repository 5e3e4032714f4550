import Media
import Testing

@testable import Config

@Suite struct PrecedenceTests {
  private let file = "hop: 2s\nrecords:\n  sync: 10ms\n  batch: 20ms\nsources:\n  front.door:\n    url: /a\n"

  @Test func flagsOutrankTheEnvironmentThatTheFileThatTheDefaults() throws {
    let environment = ["TANDEM_RECORDS_SYNC": "30ms", "TANDEM_RECORDS_BATCH": "30ms"]
    let config = try config(file, environment: environment, flags: ["records.sync=40ms"])
    #expect(config.records.sync == TimeSpan(milliseconds: 40))
    #expect(config.records.batch == TimeSpan(milliseconds: 30))
    #expect(config.hop == TimeSpan(seconds: 2))
    #expect(config.window == TimeSpan(seconds: 2) && config.threads == 2)
  }

  @Test func theLastOfTwoFlagsCounts() throws {
    #expect(try config(nil, flags: ["threads=3", "threads=4"]).threads == 4)
  }

  @Test func aWordBringsTheDefaultBack() throws {
    let text = "state: /s\nfps: 5\nhttp: {tcp: 127.0.0.1:80, token: t}\n"
    #expect(try config(text).state == "/s")
    let flags = ["state=auto", "fps=auto", "http.tcp=off", "http.token=none"]
    #expect(try config(text, flags: flags) == DaemonConfig())
  }

  @Test func aFlagReachesASourceAndMakesOne() throws {
    let flags = ["sources.front.door.enabled=false", "sources.new.url=/b"]
    let sources = try config(file, flags: flags).sources
    #expect(sources.map(\.name) == ["front.door", "new"])
    #expect(sources.map(\.enabled) == [false, true])
    #expect(complaints(file, flags: ["sources.other.enabled=false"]) == ["--set: sources.other: has no url"])
  }

  @Test func wrongFlagsAreNamed() {
    #expect(complaints(nil, flags: ["threads"]) == ["--set: 'threads' is not KEY=VALUE"])
    #expect(complaints(nil, flags: ["sync=1ms"]) == ["--set: unknown key 'sync', did you mean 'records.sync'?"])
    #expect(
      complaints(nil, flags: ["record.sync=1ms"]) == ["--set: unknown key 'record.sync', did you mean 'records.sync'?"])
    #expect(complaints(nil, flags: ["hop=x"]) == ["--set: hop: 'x' is no length of time such as 500ms, 2s or 1h"])
    #expect(complaints(nil, flags: ["sources.a b.url=/x"]) == ["--set: unknown key 'sources.a b.url'"])
    #expect(
      complaints(nil, flags: ["sources.a.ulr=/x"]) == [
        "--set: unknown key 'sources.a.ulr', did you mean 'sources.a.url'?"
      ])
    #expect(complaints(nil, flags: ["records.colour=red", "x.y=1"]).allSatisfy { !$0.contains("mean") })
  }

  @Test func wrongVariablesAreNamed() {
    #expect(
      complaints(nil, environment: ["TANDEM_HOP": "x"]) == [
        "TANDEM_HOP: hop: 'x' is no length of time such as 500ms, 2s or 1h"
      ])
    #expect(
      complaints(nil, environment: ["TANDEM_WIDNOW": "2s"]) == [
        "TANDEM_WIDNOW: unknown variable, did you mean 'TANDEM_WINDOW'?"
      ])
    #expect(
      complaints(nil, environment: ["TANDEM_RECORDS_COLOUR": "red"]) == ["TANDEM_RECORDS_COLOUR: unknown variable"])
    #expect(
      complaints(nil, environment: ["TANDEM_RECORDS_SNYC": "1ms", "TANDEM_RECORD_SYNC": "1ms"]) == [
        "TANDEM_RECORDS_SNYC: unknown variable, did you mean 'TANDEM_RECORDS_SYNC'?",
        "TANDEM_RECORD_SYNC: unknown variable, did you mean 'TANDEM_RECORDS_SYNC'?",
      ])
    #expect(complaints(nil, environment: ["TANDEM_SOURCES_FRONT_URL": "/a"]).count == 1)
  }

  @Test(arguments: ["TANDEM_MODELS", "TANDEM_DECODE", "TANDEM_PORT", "TANDEM_SERVICE_HOST", "TANDEM", "HOP"])
  func otherVariablesAreLeftAlone(_ name: String) { #expect(complaints(nil, environment: [name: "x"]) == []) }

  @Test func aWrongValueOfTheFileIsAnErrorEvenWhereAFlagOutranksIt() {
    #expect(complaints("hop: x\n", flags: ["hop=1s"]).count == 1)
  }

  @Test func foldersOfTheServiceAreTheDefaults() throws {
    let environment = ["RUNTIME_DIRECTORY": "/run/a:/run/b", "STATE_DIRECTORY": "/var/lib/a"]
    let config = try config("state: auto\n", environment: environment)
    #expect(config.records.socket == "/run/a/records.sock" && config.http.socket == "/run/a/http.sock")
    #expect(config.state == "/var/lib/a")
    #expect(DaemonConfig().records.socket == "/run/tandem/records.sock" && DaemonConfig().state == "/var/lib/tandem")
  }

  @Test func everyVariableNamesOneKey() {
    let names = DaemonSettings(words).all.map { Overlay.variable($0.name) }
    #expect(Set(names).count == names.count)
    #expect(names.contains("TANDEM_RECORDS_READER_BUFFER"))
  }
}
