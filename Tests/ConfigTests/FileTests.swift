import Media
import Testing

@testable import Config

/// The files for people say what the code does.
@Suite struct FileTests {
  private let settings = DaemonSettings(words)

  @Test func theExampleNamesEveryKeyAndIsTheDefaults() throws {
    let input = ConfigInput(file: "tandem.yaml", text: repositoryFile("configs/tandem.yaml"))
    let reading = try ConfigReading(input, words)
    #expect(reading.config == DaemonConfig())
    for setting in settings.all { #expect(reading.origins[setting.name] != nil, "\(setting.name)") }
  }

  @Test func itsSourceNamesEveryKeyWithItsDefault() throws {
    let text = repositoryFile("configs/tandem.yaml")
    let lines = text.lines.drop { $0 != "sources: {}" }.dropFirst().map { $0.dropFirst(2) }
    let input = ConfigInput(file: "tandem.yaml", text: "sources:\n" + lines.joined(separator: "\n"))
    let reading = try ConfigReading(input, words)
    let source = try #require(reading.config.sources.first)
    for setting in settings.sources {
      #expect(reading.origins["sources.\(source.name).\(setting.name)"] != nil, "\(setting.name)")
      #expect(setting.name == "url" || setting.isSame(source, SourceConfig(name: source.name)), "\(setting.name)")
    }
  }

  @Test(arguments: ["live", "archive"])
  func theOtherExamplesAreGood(_ name: String) throws {
    #expect(!(try config(repositoryFile("configs/\(name).yaml")).sources.isEmpty))
  }

  @Test func theExampleTellsEveryBound() {
    let words = repositoryFile("configs/tandem.yaml").replacing("\n# ", with: " ").replacing("\n  # ", with: " ")
    for setting in settings.all where setting.bound.contains(" to ") && setting.name != "fps" {
      let most = setting.bound.split(separator: " ").last!
      #expect(
        words.contains(setting.bound) || words.contains("octal") && most == "0777", "\(setting.name): \(setting.bound)")
    }
  }

  @Test func theManualNamesEveryKeyInOrderWithItsDefaultAndBound() throws {
    let page = repositoryFile("man/tandem.yaml.5")
    let items = page.split(separator: ".It Ic ").dropFirst().map { item in
      let first = item.prefix { $0 != "\n" }
      let parts = first.split(separator: " Pq default: Li ", maxSplits: 1).map(String.init)
      return (key: parts[0], spelling: parts.count > 1 ? parts[1].replacing("\\(dq", with: "") : nil, text: item)
    }
    let keys = settings.all.map(\.name) + settings.sources.map { "sources.NAME.\($0.name)" }
    #expect(items.map(\.key) == keys)
    for (setting, item) in zip(settings.all, items) {
      var changed = DaemonConfig()
      try setting.read(try #require(item.spelling), into: &changed, defaults: DaemonConfig())
      #expect(setting.isSame(changed, DaemonConfig()), "\(setting.name)")
      #expect(setting.word == nil || item.spelling == setting.word, "\(setting.name)")
      let most = setting.bound.contains(" to ") ? setting.bound.split(separator: " ").last! : ""
      #expect(most == "0777" || item.text.contains(most), "\(setting.name): \(setting.bound)")
    }
    for (setting, item) in zip(settings.sources, items.dropFirst(settings.all.count)) where setting.name != "url" {
      #expect(item.spelling == setting.defaultText(SourceConfig(name: "NAME")), "\(setting.name)")
    }
  }
}
