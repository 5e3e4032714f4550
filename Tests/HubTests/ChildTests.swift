import Glibc
import Testing

@testable import Hub

@Suite struct ChildTests {
  init() { signal(SIGPIPE, SIG_IGN) }

  private func shell(_ script: String) throws(HubError) -> Child {
    try Child(["sh", "-c", script], input: []) { true }
  }

  @Test func itSaysWhatItSaidAndHowItEnded() throws {
    let child = try shell("echo one; echo two >&2; exit 3")
    #expect(child.output == Array("one\n".utf8) && child.lastWords == "two" && child.exitCode == 3 && !child.isTooLong)
  }

  @Test(arguments: ["", ">&2"])
  func whoSaysTooMuchIsStopped(_ place: String) throws {
    let child = try shell("exec yes \(place)")
    #expect(child.isTooLong && child.output.count + child.errors.count < 40 << 20)
  }

  @Test func whoIsNotToGoOnIsStopped() {
    #expect(throws: HubError.interrupted) { try Child(["sleep", "60"], input: []) { false } }
  }
}
