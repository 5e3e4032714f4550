/// What becomes of the matches when text is cut at them.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  /// A part of a text: a match or what stands between two.
  struct Part: Equatable {
    var range: Range<Int>
    var isMatch: Bool
  }

  /// - Parameter parts: cover the text from its beginning to its end.
  func split(_ piece: Piece, _ parts: [Part]) -> [Piece] { join(parts).map { piece[$0.range] } }

  private func join(_ parts: [Part]) -> [Part] {
    switch self {
    case .removed: parts.filter { !$0.isMatch }
    case .isolated: parts
    case .contiguous: merged(parts) { $0.isMatch == $1.isMatch }
    case .mergedWithPrevious: merged(parts) { !$0.isMatch && $1.isMatch }
    case .mergedWithNext: mergedWithNext(parts)
    }
  }

  /// - Parameter joins: whether a part joins what its predecessor is in.
  private func merged(_ parts: [Part], _ joins: (Part, Part) -> Bool) -> [Part] {
    var merged: [Part] = []
    var previous: Part?
    for part in parts {
      if let last = merged.last, let previous, joins(previous, part) {
        merged[merged.count - 1].range = last.range.lowerBound..<part.range.upperBound
      } else {
        merged.append(part)
      }
      previous = part
    }
    return merged
  }

  private func mergedWithNext(_ parts: [Part]) -> [Part] { merged(parts) { $0.isMatch && !$1.isMatch } }
}
