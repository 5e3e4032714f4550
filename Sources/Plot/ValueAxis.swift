import Glibc

/// Values to pixel rows of a panel, with ticks at round values.
struct ValueAxis: Sendable {
  let ticks: [(value: Double, label: String)]
  private let panel: Box
  private let low: Double
  private let high: Double
  private let isLogarithmic: Bool

  /// Powers of ten in microseconds that hold all `values`, at least two decades.
  static func logarithmic(microseconds values: [Double], in panel: Box) -> ValueAxis {
    let finite = values.filter(\.isFinite).map { max($0, smallest) }
    let low = log10(finite.min() ?? 1).rounded(.down)
    let high = max(log10(finite.max() ?? 1).rounded(.up), low + 2)
    let decades = Int(high - low)
    let most = max(1, panel.height / labelSpacing)
    let ticks = stride(from: 0, through: decades, by: (decades + most - 1) / most).map { decade in
      let value = pow(10, low + Double(decade))
      return (value, duration(microseconds: value))
    }
    return ValueAxis(ticks: ticks, panel: panel, low: low, high: high, isLogarithmic: true)
  }

  /// `−limit…limit` milliseconds, the limit rounded up to 1, 2 or 5 times a power of ten.
  static func symmetric(milliseconds limit: Double, in panel: Box) -> ValueAxis {
    let wanted = limit.isFinite ? max(limit, 1) : 1
    let decade = pow(10, log10(wanted).rounded(.down))
    let limit = [1, 2, 5, 10].map { $0 * decade }.first { $0 >= wanted } ?? wanted
    let ticks = [-limit, 0, limit].map { ($0, ($0 > 0 ? "+" : "") + duration(microseconds: $0 * 1000)) }
    return ValueAxis(
      ticks: [ticks[0], (0, "0 ms"), ticks[2]], panel: panel, low: -limit, high: limit, isLogarithmic: false)
  }

  /// The row of a value, held inside the panel.
  func y(_ value: Double) -> Int {
    let place = isLogarithmic ? log10(max(value, Self.smallest)) : value
    let fraction = min(max((place - low) / (high - low), 0), 1)
    guard fraction.isFinite else { return panel.bottom - 1 }
    return panel.y + Int(((1 - fraction) * Double(panel.height - 1)).rounded())
  }

  /// In microseconds: less is drawn as this.
  private static let smallest = 0.1
  /// Pixels from one label to the next, at least.
  private static let labelSpacing = 28
}
