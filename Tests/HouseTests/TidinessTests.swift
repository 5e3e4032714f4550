import Testing

@Suite struct TidinessTests {
  private var swift: [String] { Tree.files.filter { $0.hasSuffix(".swift") } }

  @Test func roomsAreSmall() throws {
    for path in Tree.files where path.hasPrefix("Sources/") {
      let count = Tree.text(path)?.lines.count ?? 0
      #expect(count <= 500, "\(path) has \(count) lines")
    }
  }

  @Test func nobodyImportsFoundationAndOnlyReadersOfJSONItsEssentials() throws {
    for path in swift where path != "Package.swift" {
      let imports = try #require(Tree.text(path)).imports
      let mayDecodeJSON = ["Linear", "Encode", "External", "Hub"].contains { path.hasPrefix("Sources/\($0)/") }
      guard path.hasPrefix("Sources/") else { continue }
      #expect(!imports.contains("Foundation"), "\(path)")
      #expect(mayDecodeJSON || !imports.contains("FoundationEssentials"), "\(path)")
    }
  }

  @Test func nobodyTalksTheCompilerOutOfItsChecks() throws {
    let words = ["@unchecked Sendable", "nonisolated(unsafe)", "try!", "as!"].map { " \($0) " }
    for path in swift where path.hasPrefix("Sources/") {
      for line in try #require(Tree.text(path)).lines {
        let isOpen = words.contains { " \(line) ".contains($0) }
        #expect(!isOpen, "\(path): \(line)")
      }
    }
  }

  @Test func noFileKnowsTheMachineItWasWrittenOn() {
    // In halves, so that this file passes too.
    let places = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/", "/tmp/" + "h-", "/tmp/" + "brief"]
    for path in Tree.files {
      guard let text = Tree.text(path) else { continue }
      let named = places.filter { text.contains($0) }
      #expect(named.isEmpty, "\(path) names \(named)")
    }
  }

  @Test func everyLinkBetweenPagesLeadsSomewhere() throws {
    for path in Tree.files where path.hasSuffix(".md") {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      for link in try #require(Tree.text(path)).matches(of: #/\]\(([^)\s]+)\)/#) {
        let target = link.1.split(separator: "#", omittingEmptySubsequences: false)[0]
        guard !target.isEmpty, !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
        let full =
          target.hasPrefix("/") ? String(target.dropFirst()) : folder.isEmpty ? String(target) : "\(folder)/\(target)"
        #expect(Tree.exists(full), "\(path) links to \(target)")
      }
    }
  }

  @Test func everyMakeCommandOfThePagesIsInTheMakefile() throws {
    let makefile = try #require(Tree.text("Makefile"))
    let goals = Set(makefile.matches(of: #/(?m)^([A-Za-z][\w.-]*)\s*:(?!=)/#).map { String($0.1) })
    for path in Tree.files where path.hasSuffix(".md") {
      for command in try #require(Tree.text(path)).matches(of: #/(?m)(?:^|`)\s*make\s+([a-z][\w-]*)/#) {
        #expect(goals.contains(String(command.1)), "\(path) says make \(command.1)")
      }
    }
  }

  @Test func theReadMeShowsHowToBuildAndTest() throws {
    let readMe = try #require(Tree.text("README.md"))
    let named = readMe.contains("make ")
    #expect(named)
    #expect(Tree.exists("ARCHITECTURE.md"))
  }

  @Test func everyTestFolderIsATargetOfTheManifest() throws {
    let manifest = try #require(Tree.text("Package.swift"))
    let folders = Set(
      Tree.files.filter { $0.hasPrefix("Tests/") && $0.hasSuffix(".swift") }.map { $0.split(separator: "/")[1] })
    for folder in folders {
      let isRun = manifest.contains("\"\(folder)\"")
      #expect(isRun, "\(folder) is never run")
    }
  }
}
