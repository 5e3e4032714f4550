/// Which tracks of a source are wanted: the default one of each kind, one by language, or by number.
package struct TrackSelection: Hashable, Sendable {
  package enum Choice: Hashable, Sendable {
    case standard
    case number(Int)
    case language(String)
  }

  package struct Entry: Hashable, Sendable {
    package var modality: Modality
    package var choice: Choice
  }

  package let entries: [Entry]

  /// `audio,video,text`, `audio:deu`, `video:0,video:1`.
  /// - Returns: nil when the text is none of these or names a track twice.
  package init?(_ text: String) {
    var entries: [Entry] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let modality = Modality(rawValue: words[0]) else { return nil }
      var choice = Choice.standard
      if words.count == 2 {
        guard !words[1].isEmpty else { return nil }
        choice = Int(words[1]).map { .number($0) } ?? .language(words[1])
        if case .number(let n) = choice, n < 0 { return nil }
      }
      let entry = Entry(modality: modality, choice: choice)
      guard !entries.contains(entry) else { return nil }
      entries.append(entry)
    }
    self.entries = entries
  }

  /// The slots that the records have columns for: fixed whatever the source holds.
  package var slots: [Slot] {
    var counts: [Modality: Int] = [:]
    return entries.map { entry in
      defer { counts[entry.modality, default: 0] += 1 }
      return Slot(entry.modality, counts[entry.modality, default: 0])
    }
  }
}

extension TrackSelection.Entry: CustomStringConvertible {
  package var description: String {
    switch choice {
    case .standard: modality.rawValue
    case .number(let n): "\(modality.rawValue):\(n)"
    case .language(let code): "\(modality.rawValue):\(code)"
    }
  }
}
