import Linear

/// The square grid of tokens of one stage of a Swin transformer, and the orders in which they are kept: always window by
/// window, so that attention finds its sequences. A raster index is row · side + column.
struct SwinGrid: Sendable {
  let side: Int
  /// Tokens of a window's side; divides `side`.
  let window: Int
  /// How far the windows of every second block are moved; 0 where there is only one window.
  var shift: Int { side > window ? window / 2 : 0 }
  var tokens: Int { side * side }
  var windows: Int { (side / window) * (side / window) }

  /// How far the windows of block `index` are moved.
  func shift(block index: Int) -> Int { index % 2 == 0 ? 0 : shift }

  /// [tokens]: the raster index of each token, window by window, when the grid is rolled back by `shift`.
  func order(shift: Int) -> [Int32] {
    let across = side / window
    return (0..<tokens).map { place in
      let (number, inside) = place.quotientAndRemainder(dividingBy: window * window)
      let row = (number / across * window + inside / window + shift) % side
      let column = (number % across * window + inside % window + shift) % side
      return Int32(row * side + column)
    }
  }

  /// [tokens]: where each token of one order stands in the other.
  func permutation(from: Int, to: Int) -> [Int32] {
    let places = inverse(shift: from)
    return order(shift: to).map { places[Int($0)] }
  }

  /// [tokens]: the place of each raster index in an order.
  func inverse(shift: Int) -> [Int32] {
    var places = [Int32](repeating: 0, count: tokens)
    for (place, raster) in order(shift: shift).enumerated() { places[Int(raster)] = Int32(place) }
    return places
  }

  /// [tokens]: the four tokens that become one of the next grid, in its order: (0, 0), (1, 0), (0, 1), (1, 1).
  func merging(from shift: Int, into next: SwinGrid) -> [Int32] {
    let places = inverse(shift: shift)
    return next.order(shift: 0).flatMap { raster in
      let (row, column) = Int(raster).quotientAndRemainder(dividingBy: next.side)
      return [(0, 0), (1, 0), (0, 1), (1, 1)].map { down, right in
        places[(2 * row + down) * side + 2 * column + right]
      }
    }
  }

  /// [windows]: 0 for windows of neighbours, +1 in the last column and +2 in the last row of windows, where the roll
  /// has brought together what lies on opposite sides.
  var kinds: [Int32] {
    let across = side / window
    return (0..<windows).map { (($0 % across == across - 1) ? 1 : 0) + ($0 / across == across - 1 ? 2 : 0) }
  }

  /// Relative positions, and in moved windows −100 between opposite sides.
  /// - Parameter table: [(2 · window − 1)², heads]
  func bias(_ table: Matrix, isShifted: Bool) -> ScoreBias {
    let (kinds, inside) = (isShifted ? 4 : 1, window * window)
    var values: [Float] = []
    values.reserveCapacity(kinds * table.columns * inside * inside)
    for kind in 0..<kinds {
      for head in 0..<table.columns {
        for query in 0..<inside {
          for key in 0..<inside {
            values.append(table[offset(query, key), head] + (isOpposite(query, key, kind) ? -100 : 0))
          }
        }
      }
    }
    return ScoreBias(kinds: kinds, heads: table.columns, tokens: inside, values: values)
  }

  private func offset(_ query: Int, _ key: Int) -> Int {
    let down = query / window - key / window + window - 1
    return down * (2 * window - 1) + query % window - key % window + window - 1
  }

  private func isOpposite(_ query: Int, _ key: Int, _ kind: Int) -> Bool {
    func differ(_ a: Int, _ b: Int) -> Bool { (a >= window - shift) != (b >= window - shift) }
    return kind & 1 != 0 && differ(query % window, key % window)
      || kind & 2 != 0 && differ(query / window, key / window)
  }
}
