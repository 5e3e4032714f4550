/// A transform of 2^a · 5^b points, its tables made in double precision.
struct Fourier: Sendable, Equatable {
  let size: Int
  /// [size][cos, sin] of −2πj / size
  let twiddles: [Float]
  /// [size]: the row at which input n stands before the passes.
  let order: [Int32]
  /// Of the power of real frames.
  var bins: Int { size / 2 + 1 }

  /// - Parameter size: see `isPossible`.
  init(size: Int) {
    precondition(Self.isPossible(size), "a transform of 2^a · 5^b points")
    self.size = size
    twiddles = (0..<size).flatMap { j in
      let turn = Double(j) / Double(size)
      return [Float(cosine(turn)), Float(-cosine(turn - 0.25))]
    }
    order = (0..<size).map { Int32(Self.place($0, size)) }
  }

  /// Even numbers 2^a · 5^b up to 2¹⁶.
  static func isPossible(_ size: Int) -> Bool {
    guard size >= 2 && size <= 1 << 16 && size % 2 == 0 else { return false }
    var rest = size
    for radix in [2, 5] { while rest % radix == 0 { rest /= radix } }
    return rest == 1
  }

  /// Where input `n` of a transform of `size` points stands: the last pass joins every fifth, or every second, input.
  private static func place(_ n: Int, _ size: Int) -> Int {
    guard size > 1 else { return 0 }
    let radix = size % 5 == 0 ? 5 : 2
    return n % radix * (size / radix) + place(n / radix, size / radix)
  }
}
