import Glibc

@testable import Linear

/// The same mathematics, slowly and plainly, in double precision.
enum Plain {
  /// input [m, k] · weight [n, k]ᵀ + bias
  static func product(_ input: Matrix, _ weight: Matrix, _ bias: [Float]? = nil) -> [[Double]] {
    (0..<input.rows).map { r in
      (0..<weight.rows).map { c in
        var sum = Double(bias?[c] ?? 0)
        for k in 0..<input.columns { sum += Double(input[r, k]) * Double(weight[c, k]) }
        return sum
      }
    }
  }
}

/// Repeatable numbers that look like weights.
struct Noise {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// −1…1
  mutating func next() -> Float {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
  }

  mutating func values(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in next() * scale } }

  mutating func matrix(_ rows: Int, _ columns: Int, scale: Float = 1) -> Matrix {
    Matrix(rows: rows, columns: columns, values: values(rows * columns, scale: scale))
  }
}

extension Plain {
  /// softmax(cap(q · kᵀ · scale) + bias) · v of one head; bias(query, key).
  static func attention(
    _ q: [[Double]], _ k: [[Double]], _ v: [[Double]], scale: Double, limit: Double = 0,
    bias: (Int, Int) -> Double = { _, _ in 0 }
  ) -> [[Double]] {
    q.enumerated().map { row, query in
      var scores = k.map { key in zip(query, key).reduce(0) { $0 + $1.0 * $1.1 } * scale }
      if limit > 0 { scores = scores.map { limit * tanh($0 / limit) } }
      for key in scores.indices { scores[key] += bias(row, key) }
      let weights = softmax(scores)
      return v[0].indices.map { column in zip(weights, v).reduce(0) { $0 + $1.0 * $1.1[column] } }
    }
  }

  /// Zeros where every score is −∞.
  static func softmax(_ scores: [Double]) -> [Double] {
    let maximum = scores.max()!
    if maximum == -.infinity { return scores.map { _ in 0 } }
    let exponentials = scores.map { exp($0 - maximum) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  static func layerNorm(_ x: [Double], _ weight: [Float], _ bias: [Float]?, epsilon: Double) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    return x.indices.map {
      (x[$0] - mean) / (variance + epsilon).squareRoot() * Double(weight[$0]) + Double(bias?[$0] ?? 0)
    }
  }

  static func rmsNorm(_ x: [Double], _ weight: [Float]?, epsilon: Double) -> [Double] {
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    return x.indices.map { x[$0] / (mean + epsilon).squareRoot() * Double(weight?[$0] ?? 1) }
  }

  static func activation(_ kind: Activation, _ x: Double) -> Double {
    if x == -.infinity {
      return switch kind {
      case .none: x
      case .tanh: -1
      default: 0
      }
    }
    return switch kind {
    case .none: x
    case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
    case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGelu: x / (1 + exp(-1.702 * x))
    case .silu: x / (1 + exp(-x))
    case .relu: x < 0 ? 0 : x
    case .relu6: x < 0 ? 0 : x > 6 ? 6 : x
    case .tanh: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    }
  }
}

extension Matrix {
  /// Rows and columns in double precision.
  func doubles(_ rows: Range<Int>, _ columns: Range<Int>) -> [[Double]] {
    rows.map { row in columns.map { Double(self[row, $0]) } }
  }
}
