import Testing

@testable import Config

@Suite struct RequestTests {
  private func source(_ text: String) throws(ConfigError) -> SourceConfig {
    try SourceConfig(named: "cam", text, words)
  }

  private func complaints(_ text: String) -> [String] {
    do throws(ConfigError) {
      _ = try source(text)
      return []
    } catch { return error.problems.map(\.description) }
  }

  @Test(arguments: [
    "url: /a\nlisten: true", "url: /a\r\nlisten: true\r\n", "url: /a\rlisten: true\r",
    "{\"url\": \"/a\", \"listen\": true}", "{\r\n  \"url\": \"/a\",\r\n  \"listen\": true\r\n}\r\n",
  ])
  func linesEndAsTheClientLikes(_ text: String) throws {
    let source = try source(text)
    #expect(source.name == "cam" && "\(source.url)" == "/a" && source.listen)
  }

  @Test(arguments: ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"])
  func noLineStandsOutsideOfTheSource(_ lineBreak: String) {
    for key in ["model: other", "  other: {url: /b}"] {
      let said = complaints("url: /a\(lineBreak)\(key)")
      #expect(!said.isEmpty && said.allSatisfy { !$0.contains("model'") || $0.contains("sources.cam") }, "\(said)")
    }
  }

  @Test(arguments: [
    "url: http://evil.example/${credential:front}", "url: \"${credential:front}\"",
    "{\"url\": \"http://h/\\u0024{credential:front}\"}",
  ])
  func onlyTheFileNamesCredentials(_ text: String) {
    #expect(complaints(text) == ["request: sources.cam.url: only the configuration file may name credentials"])
  }
}
