/// How the rows of a matrix divide into independent sequences, one after the other: a batch, or windows.
package struct Sequences: Sendable, Equatable {
  /// The first row of each sequence, then the number of rows.
  package let starts: [Int]

  package var count: Int { starts.count - 1 }
  package var rows: Int { starts[count] }
  package subscript(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

  /// Sequences of these lengths, each ≥ 1.
  package init(lengths: [Int]) {
    var starts = [0]
    for length in lengths {
      precondition(length >= 1, "a sequence has a row")
      starts.append(starts[starts.count - 1] + length)
    }
    self.starts = starts
  }

  package init(count: Int, length: Int) { self.init(lengths: [Int](repeating: length, count: count)) }
}
