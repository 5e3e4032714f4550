/// Finds which of many texts a text begins with. The texts stand sorted, so that those that share a beginning are
/// neighbours, and every further byte narrows the range.
struct PrefixIndex: Sendable {
  /// Sorted; with the places they were given in.
  private let texts: [(text: ArraySlice<UInt8>, place: Int)]
  /// [256] Where the texts that begin with a byte stand.
  private let ranges: [Range<Int>]

  /// Of equal texts the last counts; empty ones are never found.
  init(_ given: [ArraySlice<UInt8>]) {
    // Copied together, since slices would keep the whole file.
    let letters = Array(given.joined())
    var end = 0
    let copies = given.map { text in
      end += text.count
      return letters[end - text.count..<end]
    }
    let sorted = copies.enumerated().sorted {
      $0.element.lexicographicallyPrecedes($1.element) || ($0.element == $1.element && $0.offset > $1.offset)
    }
    var texts: [(text: ArraySlice<UInt8>, place: Int)] = []
    for (place, text) in sorted where !text.isEmpty && texts.last?.text != text { texts.append((text, place)) }
    var ranges = [Range<Int>](repeating: 0..<0, count: 256)
    for (number, entry) in texts.enumerated() {
      let byte = Int(entry.text.first!)
      ranges[byte] = (ranges[byte].isEmpty ? number : ranges[byte].lowerBound)..<number + 1
    }
    self.texts = texts
    self.ranges = ranges
  }

  /// Calls with the place and the length of each text that `text` has at `start`, from the shortest to the longest.
  func forEachMatch(in text: ArraySlice<UInt8>, at start: Int, _ body: (_ place: Int, _ count: Int) -> Void) {
    var range = ranges[Int(text[start])]
    var depth = 1
    while let first = range.first {
      // Of those that share the beginning, one that is nothing else stands first.
      if texts[first].text.count == depth {
        body(texts[first].place, depth)
        range = first + 1..<range.upperBound
      }
      guard start + depth < text.endIndex else { return }
      range = narrowed(range, text[start + depth], depth)
      depth += 1
    }
  }

  /// Those in `range` whose byte at `depth` is `byte`; all are longer.
  private func narrowed(_ range: Range<Int>, _ byte: UInt8, _ depth: Int) -> Range<Int> {
    let start = partition(range) { $0[$0.startIndex + depth] >= byte }
    return start..<partition(start..<range.upperBound) { $0[$0.startIndex + depth] > byte }
  }

  /// The first in `range` that is beyond; all after it are too.
  private func partition(_ range: Range<Int>, _ isBeyond: (ArraySlice<UInt8>) -> Bool) -> Int {
    var range = range
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range = isBeyond(texts[middle].text) ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }
}
