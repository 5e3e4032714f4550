import Testing

@testable import Config

@Suite struct HostileTests {
  @Test func anAliasIsRefused() {
    #expect(complaints("hop: &a 1s\nwindow: *a\n") == ["t.yaml:1: has an anchor or alias, which are not used here"])
    #expect(complaints("hop: *a\n") == ["t.yaml:1: is not valid YAML: found undefined alias"])
    #expect(complaints("records: {<<: {sync: 20ms}}\n") == ["t.yaml:1: records: unknown key '<<'"])
  }

  @Test(.timeLimit(.minutes(1)), arguments: [false, true])
  func laughsByTheBillionAreRefusedAtOnce(_ asKey: Bool) {
    var text = "a0: &a0 [x, x]\n"
    for n in 1...40 { text += "\(asKey ? "? " : "a\(n): ")&a\(n) [*a\(n - 1), *a\(n - 1)]\(asKey ? "\n: y" : "")\n" }
    #expect(complaints(text).count == 1)
  }

  @Test(arguments: ["# *\u{2028}", "# *\r", "# x\u{85}"])
  func noLineBreakHidesAliases(_ comment: String) {
    let text = "a: &a x\n" + (0..<20).map { "\(comment)b\($0): *a\n" }.joined()
    #expect(complaints(text).count == 1)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ["[", "{a: ", "- ", "? ", "[a: "])
  func depthIsBounded(_ opening: String) {
    for depth in [17, 100, 5000, 200_000] {
      let said = complaints("a: \n  " + String(repeating: opening, count: depth))
      #expect(said.count == 1 && said[0].hasPrefix("t.yaml:"), "\(said)")
    }
  }

  @Test func lengthIsBounded() {
    let line = "# \(String(repeating: "x", count: 1021))\n"
    #expect(complaints(String(repeating: line, count: 1024)) == [])
    #expect(complaints(String(repeating: line, count: 1024) + "#") == ["t.yaml:1: is longer than 1MiB"])
  }

  @Test(.timeLimit(.minutes(1))) func manyKeysTakeNoLongTime() {
    #expect(complaints((0..<30_000).map { "k\($0): \n" }.joined()).count == 21)
    let sources = (0..<30_000).map { "  s\($0): {}\n" }.joined()
    #expect(complaints("sources:\n" + sources) == ["t.yaml:2: sources: are 30000, more than 1024"])
  }

  @Test func bytesThatAreNoUTF8AreRefused() {
    #expect(
      complaints("hop: 1s\nmodel: \(String(decoding: [0x61, 0xFF], as: UTF8.self))\n") == ["t.yaml:2: is not UTF-8"])
  }

  /// Whatever a file has become, it is a configuration, or an error that names a line.
  @Test(.timeLimit(.minutes(1)), arguments: ["configs/tandem.yaml", "configs/live.yaml", "configs/archive.yaml"])
  func noMutationCrashes(_ path: String) {
    let original = Array(repositoryFile(path).utf8)
    var random = Steps(state: 0x9E37_79B9_7F4A_7C15)
    for _ in 0..<500 {
      var bytes = original
      for _ in 0...random.below(4) { mutate(&bytes, &random) }
      let text = String(decoding: bytes, as: UTF8.self)
      for line in complaints(text) where line.firstMatch(of: #/^t\.yaml(:[1-9][0-9]*)?: ./#) == nil {
        Issue.record("\(line) names no line")
      }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout Steps) {
    guard !bytes.isEmpty else { return }
    let place = random.below(bytes.count)
    switch random.below(6) {
    case 0: bytes[place] ^= UInt8(1 << random.below(8))
    case 1: bytes[place] = Array(":#-[]{}&*!|>'\"%@`,?\n\t 0".utf8)[random.below(23)]
    case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(40)))
    case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + random.below(80))], at: place)
    case 4: bytes.removeLast(random.below(bytes.count))
    default: bytes.insert(UInt8(random.below(256)), at: place)
    }
  }
}

/// Steele's and Vigna's splitmix64: the same mutations each time.
private struct Steps {
  var state: UInt64

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
