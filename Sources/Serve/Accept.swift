/// How records can be had, from the one that is chosen where the client does not mind.
enum RecordForm: String, CaseIterable {
  case lines = "application/x-ndjson"
  case events = "text/event-stream"
  case arrow = "application/vnd.apache.arrow.stream"

  /// The one that an `Accept` field likes best; nil where it likes none.
  /// Source: RFC 9110 §12.5.1; of several ranges that match, the most specific one has the word.
  init?(accept: String?) {
    guard let accept else {
      self = .lines
      return
    }
    let ranges = accept.split(separator: ",").map { MediaRange($0) }
    var best: (form: RecordForm, weight: Int)?
    for form in Self.allCases {
      let matching = ranges.filter { $0.matches(form.rawValue) }.max { $0.precision < $1.precision }
      guard let weight = matching?.weight, weight > best?.weight ?? 0 else { continue }
      best = (form, weight)
    }
    guard let best else { return nil }
    self = best.form
  }
}

/// `text/*;q=0.5`
private struct MediaRange {
  private let name: String
  /// Thousandths.
  let weight: Int

  init(_ text: Substring) {
    let bare = text.lowercased().filter { $0 != " " && $0 != "\t" }
    let parts = bare.split(separator: ";", omittingEmptySubsequences: false)
    name = String(parts[0])
    let quality = parts.dropFirst().first { $0.hasPrefix("q=") }
    weight = quality.map { Self.thousandths($0.dropFirst(2)) } ?? 1000
  }

  /// Nothing, a kind, a type.
  var precision: Int { name == "*/*" ? 0 : name.hasSuffix("/*") ? 1 : 2 }

  func matches(_ type: String) -> Bool {
    name == type || name == "*/*" || (name.hasSuffix("/*") && type.hasPrefix(name.dropLast()))
  }

  /// Of `0`, `0.5`, `1.000`; what is no weight counts as 0.
  private static func thousandths(_ text: Substring) -> Int {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count > 1 ? parts[1] : ""
    guard let whole = Int(parts[0]), (0...1).contains(whole), fraction.utf8.count <= 3 else { return 0 }
    guard let rest = Int(fraction + String(repeating: "0", count: 3 - fraction.utf8.count)), rest >= 0 else { return 0 }
    return min(1000, 1000 * whole + rest)
  }
}
