import Testing

/// The rooms that travel the data: none knows another.
private let stages = ["Decode", "Timeline", "Encode", "Align", "Fuse", "Emit", "Plot", "Flow"]
/// Modules of the toolchain.
private let toolchain: Set<String> = ["Glibc", "Synchronization", "Dispatch", "Swift", "FoundationEssentials"]

/// `Package.swift`, read as the text it is: a target's block and the names in its dependencies.
private enum Manifest {
  static let text = Tree.text("Package.swift") ?? ""

  static let dependencies: [String: Set<String>] = {
    let pattern = #/\n    \.(target|executableTarget|systemLibrary)\(\s*name: "([^"]+)"/#
    let starts = text.matches(of: pattern)
    var found: [String: Set<String>] = [:]
    for (n, start) in starts.enumerated() {
      let end = n + 1 < starts.count ? starts[n + 1].range.lowerBound : text.endIndex
      let block = text[start.range.upperBound..<end]
      let own = block.firstRange(of: ".testTarget").map { block[..<$0.lowerBound] } ?? block
      let list =
        own.firstMatch(of: #/dependencies: \[(?<names>(?:[^\[\]]|\[[^\]]*\])*)\]/#).map { String($0.names) } ?? ""
      let products = list.replacing(#/package: "[^"]+"|condition: [^)]*\)/#, with: "")
      found[String(start.2)] = Set(products.matches(of: #/"([^"]+)"/#).map { String($0.1) })
    }
    return found
  }()
}

@Suite struct RoomTests {
  @Test func everyTargetHasItsFolderAndEveryFolderItsTarget() {
    #expect(Set(Tree.targets) == Set(Manifest.dependencies.keys))
  }

  @Test func theMapOfSourcesNamesEveryTargetAndNoOther() throws {
    let map = try #require(Tree.text("Sources/README.md"))
    let named = Set(map.matches(of: #/`(C?[A-Z][A-Za-z]+|tandem|tandem-decode)`/#).map { String($0.1) })
    let missing = Set(Tree.targets).subtracting(named)
    #expect(missing.isEmpty, "not on the map")
    let rows = map.lines.compactMap { $0.firstMatch(of: #/^\|\s*\[?`([A-Za-z-]+)`/#).map { String($0.1) } }
    let gone = Set(rows).subtracting(Tree.targets)
    #expect(gone.isEmpty, "on the map but not on the disk")
  }

  @Test(arguments: Tree.targets)
  func aTargetImportsWhatItDependsOnAndNothingElse(_ target: String) throws {
    let declared = try #require(Manifest.dependencies[target])
    var imported: Set<String> = []
    for path in Tree.sources(of: target) { imported.formUnion(try #require(Tree.text(path)).imports) }
    imported.subtract(toolchain)
    let mayDeclareMore = Tree.sources(of: target).isEmpty || target == "tandem"  // which sees every room
    #expect(imported.isSubset(of: declared), "\(imported.subtracting(declared)) undeclared")
    #expect(mayDeclareMore || declared.isSubset(of: imported), "\(declared.subtracting(imported)) unused")
  }

  @Test(arguments: stages)
  func noStageKnowsAnother(_ stage: String) throws {
    for path in Tree.sources(of: stage) {
      let others = try #require(Tree.text(path)).imports.intersection(stages).subtracting([stage])
      #expect(others.isEmpty, "\(path) imports \(others)")
    }
  }

  @Test func theIntakeKnowsOnlyDecodeAndTimeline() throws {
    for path in Tree.sources(of: "Intake") {
      let others = try #require(Tree.text(path)).imports.intersection(stages)
      #expect(others.isSubset(of: ["Decode", "Timeline"]), "\(path) imports \(others)")
    }
  }

  @Test func theNounsImportNothing() throws {
    for path in Tree.sources(of: "Media") { #expect(try #require(Tree.text(path)).imports.isEmpty, "\(path)") }
  }

  @Test(arguments: [
    ("CFFmpeg", ["Decode"]), ("CKernels", ["Encode", "Linear"]), ("COpenBLAS", ["Linear"]), ("COneDNN", ["Linear"]),
    ("CUnicode", ["Tokenize"]), ("CCrypto", ["Digest"]), ("CLinux", ["System"]), ("Yams", ["Config"]),
    ("HummingbirdCore", ["Serve"]), ("NIOCore", ["Serve"]), ("NIOPosix", ["Serve"]), ("NIOHTTP1", ["Serve"]),
  ])
  func eachLibraryIsKnownToItsRooms(_ library: String, _ rooms: [String]) throws {
    for path in Tree.files where path.hasPrefix("Sources/") && path.hasSuffix(".swift") {
      guard !rooms.contains(where: { path.hasPrefix("Sources/\($0)/") }) else { continue }
      #expect(!(try #require(Tree.text(path)).imports.contains(library)), "\(path) imports \(library)")
    }
  }

  @Test func onlyFlowAndTheCommandsKnowQueuesAndOnlyProductsForkAndJoin() throws {
    let allowed = ["Sources/Flow/", "Sources/tandem/", "Sources/Linear/Crew.swift"]
    for path in Tree.files where path.hasPrefix("Sources/") && path.hasSuffix(".swift") {
      guard try #require(Tree.text(path)).imports.contains("Dispatch") else { continue }
      #expect(allowed.contains { path.hasPrefix($0) }, "\(path) imports Dispatch")
    }
  }

  @Test func everyTargetWithoutAnExceptionProvesItsMemorySafety() {
    let trusted: Set<String> = [
      "Decode", "tandem-decode", "Linear", "CKernels", "CCrypto", "CLinux", "CFFmpeg", "COpenBLAS", "COneDNN",
      "CUnicode",
    ]
    for target in Tree.targets where !trusted.contains(target) {
      let block = Manifest.text.components(after: "name: \"\(target)\"")
      #expect(block?.firstMatch(of: #/swiftSettings: (\w+)/#)?.1 == "safe", "\(target)")
    }
  }
}

extension String {
  /// What follows the first occurrence of `mark`.
  fileprivate func components(after mark: String) -> Substring? {
    firstRange(of: mark).map { self[$0.upperBound...] }
  }
}
