/// A word on its way from letters to tokens: a linked list of tokens, and a heap of the pairs that could join. Takes
/// n·log n steps for n letters.
struct MergeableWord {
  private struct Symbol {
    var id: Int32
    /// The neighbours' places; −1 for none.
    var previous: Int32
    var next: Int32
    /// Whether it has joined what was before it.
    var isGone = false
  }

  /// A pair that could join, by the place of its first.
  private struct Candidate {
    let rank: Int32
    let place: Int32
    let id: Int32

    static func < (one: Self, other: Self) -> Bool {
      (one.rank, one.place) < (other.rank, other.place)
    }
  }

  private var symbols: [Symbol]
  private var candidates = Heap<Candidate>(isBefore: <)

  /// - Parameter letters: ids, fewer than 2³¹.
  init(_ letters: [Int32]) {
    symbols = letters.indices.map { place in
      let next = place + 1 < letters.count ? Int32(place + 1) : -1
      return Symbol(id: letters[place], previous: Int32(place) - 1, next: next)
    }
  }

  /// Joins pairs, lowest rank first, of equal ones the leftmost, until none is left.
  mutating func merge(by merges: MergeTable) {
    for place in symbols.indices { consider(Int32(place), merges) }
    while let candidate = candidates.popFirst() {
      let first = symbols[Int(candidate.place)]
      guard !first.isGone, first.next >= 0 else { continue }
      let second = symbols[Int(first.next)]
      guard let merge = merges[first.id, second.id], merge.id == candidate.id else { continue }
      symbols[Int(candidate.place)].id = merge.id
      symbols[Int(candidate.place)].next = second.next
      symbols[Int(first.next)].isGone = true
      if second.next >= 0 { symbols[Int(second.next)].previous = candidate.place }
      if first.previous >= 0 { consider(first.previous, merges) }
      consider(candidate.place, merges)
    }
  }

  func append(to ids: inout [Int32]) {
    for symbol in symbols where !symbol.isGone { ids.append(symbol.id) }
  }

  private mutating func consider(_ place: Int32, _ merges: MergeTable) {
    let symbol = symbols[Int(place)]
    guard symbol.next >= 0, let merge = merges[symbol.id, symbols[Int(symbol.next)].id] else { return }
    candidates.insert(Candidate(rank: merge.rank, place: place, id: merge.id))
  }
}
