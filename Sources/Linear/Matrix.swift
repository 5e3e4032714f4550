/// Row-major Float32 [rows, columns], contiguous. A matrix that is kept and written again allocates only to grow.
package struct Matrix: Sendable, Equatable {
  package private(set) var rows: Int
  package private(set) var columns: Int
  /// [rows · columns]
  package internal(set) var values: [Float]

  /// Zeros.
  package init(rows: Int = 0, columns: Int = 0) {
    self.init(rows: rows, columns: columns, values: [Float](repeating: 0, count: rows * columns))
  }

  /// values: [rows · columns]
  package init(rows: Int, columns: Int, values: [Float]) {
    precondition(rows >= 0 && columns >= 0 && values.count == rows * columns, "a matrix is full")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  package subscript(row: Int, column: Int) -> Float {
    get { values[place(row, column)] }
    set { values[place(row, column)] = newValue }
  }

  /// [columns]; shares the storage until it is changed.
  package func row(_ index: Int) -> ArraySlice<Float> {
    precondition(0 <= index && index < rows, "row \(index) of \(rows)")
    return values[index * columns..<(index + 1) * columns]
  }

  package func withRow<Result>(_ index: Int, _ body: (Span<Float>) -> Result) -> Result {
    precondition(0 <= index && index < rows, "row \(index) of \(rows)")
    return body(values.span.extracting(index * columns..<(index + 1) * columns))
  }

  package mutating func withMutableRow<Result>(_ index: Int, _ body: (inout MutableSpan<Float>) -> Result) -> Result {
    precondition(0 <= index && index < rows, "row \(index) of \(rows)")
    return values.withUnsafeMutableBufferPointer { [columns] all in
      var row = UnsafeMutableBufferPointer(rebasing: all[index * columns..<(index + 1) * columns]).mutableSpan
      return body(&row)
    }
  }

  package mutating func setRow(_ index: Int, to row: some Collection<Float>) {
    precondition(row.count == columns, "a row of \(columns), not \(row.count)")
    precondition(0 <= index && index < rows, "row \(index) of \(rows)")
    for (column, value) in row.enumerated() { values[index * columns + column] = value }
  }

  /// Another shape, for a caller that then writes every value: what was there before means nothing afterwards.
  package mutating func resize(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "a shape is not negative")
    let (old, new) = (values.count, rows * columns)
    if new < old { values.removeLast(old - new) }
    if new > old { values.append(contentsOf: repeatElement(0, count: new - old)) }
    self.rows = rows
    self.columns = columns
  }

  /// The same values in another shape.
  package mutating func reshape(rows: Int, columns: Int) {
    precondition(rows * columns == values.count, "the same number of values")
    self.rows = rows
    self.columns = columns
  }

  private func place(_ row: Int, _ column: Int) -> Int {
    precondition(0 <= row && row < rows, "row \(row) of \(rows)")
    precondition(0 <= column && column < columns, "column \(column) of \(columns)")
    return row * columns + column
  }

  /// For the C loops of this room.
  mutating func withStorage<Result>(_ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
    body(&values)
  }
}
