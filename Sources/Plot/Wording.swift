import Media

extension TimeSpan {
  /// `h:mm:ss` and, with `decimals` (0…6), that many digits of the second, cut off.
  func clock(decimals: Int = 0) -> String {
    let time = drawable
    let seconds = time.flicks / Self.flicksPerSecond
    var text = "\(seconds / 3600):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    if decimals > 0 {
      let unit = power(10, decimals)
      let rest = scale(time.flicks % Self.flicksPerSecond, by: unit, over: Self.flicksPerSecond, .down)
      text += ".\(padded(rest, decimals))"
    }
    return text
  }
}

/// `value` with at least `digits` digits.
func padded(_ value: Int64, _ digits: Int) -> String {
  let text = String(value)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// A number with `decimals` digits after the point, rounded; a dash for what is no number.
func fixed(_ value: Double, _ decimals: Int = 0) -> String {
  let unit = power(10, decimals)
  let scaled = (value.magnitude * Double(unit)).rounded()
  guard scaled < 9e18 else { return value.isFinite ? "\(value)" : "–" }
  let digits = Int64(scaled)
  let sign = value < 0 && digits > 0 ? "−" : ""
  let whole = "\(sign)\(digits / unit)"
  return decimals == 0 ? whole : "\(whole).\(padded(digits % unit, decimals))"
}

/// Microseconds in the unit that reads best: `22.7 µs`, `1.5 ms`, `2 s`.
func duration(microseconds: Double) -> String {
  let (value, unit) =
    switch microseconds.magnitude {
    case ..<1_000: (microseconds, "µs")
    case ..<1_000_000: (microseconds / 1_000, "ms")
    default: (microseconds / 1_000_000, "s")
    }
  let isWhole = value == value.rounded() || value.magnitude >= 100
  return "\(fixed(value, isWhole ? 0 : 1)) \(unit)"
}

/// `text` within `count` characters: what is too much is left out in the middle, where names differ least.
func shortened(_ text: String, to count: Int) -> String {
  guard text.count > count else { return text }
  guard count > 1 else { return count == 1 ? "…" : "" }
  let tail = (count - 1) / 2
  return text.prefix(count - 1 - tail) + "…" + text.suffix(tail)
}

/// `1 gap`, `2 gaps`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

func power(_ base: Int64, _ exponent: Int) -> Int64 { (0..<exponent).reduce(1) { product, _ in product * base } }
