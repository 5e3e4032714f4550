/// Which pairs of tokens join, in what order, and what they become.
struct MergeTable: Sendable {
  struct Merge: Sendable {
    let rank: Int32
    let id: Int32
  }

  private let merges: [UInt64: Merge]

  /// - Parameters:
  ///   - field: a list of `"a b"` or `["a", "b"]`, the first to join first.
  ///   - prefixCount: how many bytes the second loses when it joins the first.
  init(_ field: Field, _ vocabulary: Vocabulary, prefixCount: Int) throws(TokenizerError) {
    let elements = try field.elements()
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(elements.count)
    var rank: Int32 = 0
    var joined: ArraySlice<UInt8> = []
    for element in elements where !isComment(element) {
      let (first, second) = try pair(element)
      joined.removeAll(keepingCapacity: true)
      joined.append(contentsOf: first)
      joined.append(contentsOf: second.dropFirst(prefixCount))
      guard let firstID = vocabulary[first], let secondID = vocabulary[second], let id = vocabulary[joined] else {
        let missing = [first, second, joined].first { vocabulary[$0] == nil }
        throw element.wrong("names \(quoted(missing ?? [])), which is no token")
      }
      merges[Self.key(firstID, secondID)] = Merge(rank: rank, id: id)
      rank += 1
    }
    self.merges = merges
  }

  subscript(first: Int32, second: Int32) -> Merge? { merges[Self.key(first, second)] }

  private static func key(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }
}

/// The version line of the older form.
private func isComment(_ element: Field) -> Bool {
  element.kind == .text && element.document.text(at: element.index).starts(with: "#version".utf8)
}

private func pair(_ element: Field) throws(TokenizerError) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
  if element.kind == .list {
    let (document, index) = (element.document, element.index)
    guard document.next(after: index) == index + 3 else { throw element.wrong("not a pair") }
    return (
      try Field(document: document, index: index + 1).text(), try Field(document: document, index: index + 2).text()
    )
  }
  let parts = try element.text().split(separator: 0x20, omittingEmptySubsequences: false)
  guard parts.count == 2 else { throw element.wrong("not a pair") }
  return (parts[0], parts[1])
}
