import Testing

/// docs/metrics.md and the code name the same figures.
@Suite struct MetricsPageTests {
  private static let page = Tree.text("docs/metrics.md") ?? ""

  /// The names in the first column of the table whose first title is this.
  private func rows(under title: String) -> [String] {
    let lines = Self.page.lines
    guard let head = lines.firstIndex(where: { $0.hasPrefix("| \(title) |") }) else { return [] }
    return lines[(head + 2)...].prefix { $0.hasPrefix("|") }.compactMap { line in
      line.firstMatch(of: #/^\| `([A-Za-z0-9_]+)` \|/#).map { String($0.1) }
    }
  }

  private func files(_ places: [String]) -> String {
    Tree.files.filter { path in path.hasSuffix(".swift") && places.contains { path.hasPrefix("Sources/\($0)") } }
      .compactMap { Tree.text($0) }.joined(separator: "\n")
  }

  /// The literals that stand for the name in calls of `function`; what is put into them is said by `filled`.
  private func names(
    in text: String, counted function: String, filled: [String: [String]] = [:]
  ) throws -> Set<String> {
    // Up to the comma, or the parenthesis at the end of the line or block.
    let call = try Regex<(Substring, Substring)>(
      #"(?:\#(function))\(\s*((?:[^,"\n]|"[^"\n]*")*?)(?:,|\)\s*(?:\n|\}))"#)
    var found: Set<String> = []
    for argument in text.matches(of: call).map(\.1) {
      for literal in argument.matches(of: #/"([^" :]+)"/#).map({ String($0.1) }) {
        guard let hole = literal.firstMatch(of: #/\\\(([^)]*)\)/#) else {
          found.insert(literal)
          continue
        }
        let fillings = filled[String(hole.1)] ?? ["TRACK"]
        for filling in fillings { found.insert(literal.replacing(hole.0, with: filling)) }
      }
    }
    return found
  }

  /// The cases of an enumeration of names.
  private func cases(of name: String, in path: String) throws -> [String] {
    let text = try #require(Tree.text(path))
    let start = try #require(text.firstRange(of: "enum \(name):"))
    let block = text[start.upperBound...].prefix { $0 != "}" }
    return block.matches(of: #/\bcase ([a-z]\w*(?:, [a-z]\w*)*)(?: = "(\w+)")?/#).flatMap { match in
      match.2.map { [String($0)] } ?? match.1.split(separator: ",").map { $0.filter { $0 != " " } }
    }
  }

  private func expectRows(under title: String, _ names: some Sequence<String>) {
    let rows = rows(under: title)
    let (told, known) = (Set(rows), Set(names))
    #expect(known.count > 2 && rows.count == told.count, "\(title): a name stands twice")
    #expect(known.subtracting(told).isEmpty, "\(title): not on the page")
    #expect(told.subtracting(known).isEmpty, "\(title): on the page, and counted nowhere")
  }

  @Test func everyFamilyStandsThereAndNoOther() {
    let text = files(["tandem/Serve/", "Serve/"])
    expectRows(under: "family", text.matches(of: #/"(tandem_[a-z_]+)"/#).map { String($0.1) })
  }

  @Test func everyLossOfASourceStandsThereAndNoOther() throws {
    let text = files(["Decode/", "Timeline/", "Intake/", "Seam/", "tandem/Serve/Source"])
    let lost = try names(in: text, counted: #"\.add"#)
    // Those whose names stand elsewhere.
    let elsewhere = Set(text.matches(of: #/\.add\((\w+\.(?:rawValue|name))\b/#).map { String($0.1) })
    #expect(elsewhere == ["fault.rawValue", "loss.name"])
    let faults = try cases(of: "SourceFault", in: "Sources/Media/LiveOptions.swift")
    let told = files(["Decode/PacketLosses"]).matches(of: #/\("([a-z_]+)", /#).map { String($0.1) }
    #expect(faults.count > 2 && told.count > 1)
    expectRows(under: "`reason` in `tandem_source_losses_total`", lost.union(faults).union(told))
  }

  @Test func whateverBecomesOfRecordsStandsThereAndNothingElse() throws {
    let removals = ["removal": try cases(of: "Removal", in: "Sources/Store/Entry.swift")]
    let store = files(["Store/"])
    let counted = try names(in: store, counted: "count").filter { $0.contains(#/^[a-z_]+$/#) }
    let own = try names(in: files(["tandem/Serve/RecordDesk"]), counted: "count")
    let removed = try names(in: store, counted: #"\.add"#, filled: removals).filter { $0.hasPrefix("store_") }
    expectRows(
      under: "`what` in `tandem_store_total`",
      own.union(counted.map { "store_" + $0 }).union(removed).subtracting(["store_"]))
  }

  @Test func whateverBecomesOfReadersStandsThereAndNothingElse() throws {
    expectRows(
      under: "`what` in `tandem_readers_total`", try names(in: files(["Emit/SocketSink"]), counted: #"counters\.add"#))
  }

  @Test(arguments: [
    ("`reason` in `tandem_windows_dropped_total`", "WindowLoss", "tandem/Serve/WindowAccounts"),
    ("`reason` in `tandem_http_refused_total`", "Refusal", "Serve/Clients"),
  ])
  func everyReasonStandsThereAndNoOther(_ title: String, _ name: String, _ file: String) throws {
    expectRows(under: title, try cases(of: name, in: "Sources/\(file).swift"))
  }
}
