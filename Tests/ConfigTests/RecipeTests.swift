import Config
import Media
import Testing

@Suite struct RecipeTests {
  private func recipe(_ text: String) throws(ConfigError) -> Recipe {
    try Recipe(text, file: "r.yaml", fusions: ["mean", "concat"])
  }

  private func complaints(_ text: String) -> [String] {
    do throws(ConfigError) {
      _ = try recipe(text)
      return []
    } catch { return error.problems.map(\.description) }
  }

  @Test func aRecipeNamesAnEncoderForEachModality() throws {
    let light = try recipe(repositoryFile("configs/models/light.yaml"))
    #expect(light.name == "light" && light.fuse == "concat")
    #expect(light.video?.encoder == .model("openai/clip-vit-base-patch32") && light.video?.fps == Ratio(2))
    #expect(light.audio?.window == TimeSpan(seconds: 10) && light.audio?.hop == TimeSpan(seconds: 10))
    #expect(light.text?.encoder == .model("sentence-transformers/all-MiniLM-L6-v2"))
  }

  @Test func anEncoderMayBeAProgram() throws {
    let text = "name: x\nvideo: {command: [python3, e.py], timeout: 3s, start_timeout: 5min}\n"
    guard case .program(let program) = try recipe(text).video?.encoder else { throw Missing() }
    #expect(program.command == ["python3", "e.py"])
    #expect(program.timeout == TimeSpan(seconds: 3) && program.startTimeout == TimeSpan(seconds: 300))
  }

  @Test(arguments: [
    ("video: {model: m, fsp: 2}", "r.yaml:2: video: unknown key 'fsp', did you mean 'fps'?"),
    ("vidoe: {model: m}", "r.yaml:2: unknown key 'vidoe', did you mean 'video'?"),
    ("text: {model: m, fps: 2}", "r.yaml:2: text: unknown key 'fps'"),
    ("video: {fps: 2}", "r.yaml:2: video: has no model"),
    ("video: {model: m, fps: -1}", "r.yaml:2: video.fps: '-1' is no rate such as 2, 0.5 or 30000/1001"),
    ("fuse: blend", "r.yaml:2: fuse: 'blend' is not one of mean, concat"),
    ("video: {command: [cat], model: m}", "r.yaml:2: video.command: excludes model"),
    ("video: {command: []}", "r.yaml:2: video.command: names no program"),
    ("video: {command: cat}", "r.yaml:2: video.command: is a plain value, not a list"),
    ("video: {command: [[cat]]}", "r.yaml:2: video.command: holds more than plain values"),
    ("video: {model: m, timeout: 3s}", "r.yaml:2: video.timeout: goes with command alone"),
    ("video: {command: [cat], timeout: 0s}", "r.yaml:2: video.timeout: '0s' is not between 1ms and 1d"),
    ("audio: {model: m, hop: never}", "r.yaml:2: audio.hop: 'never' is no length of time such as 500ms, 2s or 1h"),
  ])
  func aWrongRecipeIsNamedByLineAndKey(_ text: String, _ complaint: String) {
    #expect(complaints("name: x\n\(text)\n") == [complaint])
  }

  @Test func aRecipeNeedsAName() {
    #expect(complaints("fuse: mean\n") == ["r.yaml:1: has no name"])
    #expect(complaints("") == ["r.yaml:1: has no name"])
    #expect(complaints("name: [x\n").count == 1)
  }

  private struct Missing: Error {}
}
