// How people spell lengths of time, rates and sizes: one grammar each, in flags, files and handshakes alike.

extension TimeSpan {
  /// `2s`, `500ms`, `1/3s`, `1.5m`, `1h`, `30d`, `00:01:02.5`.
  /// - Returns: nil when the text is none of these, or beyond 50 years.
  package init?(spelt text: String) {
    guard let span = Self.clock(text) ?? Self.units(text) else { return nil }
    self = span
  }

  /// In the largest unit that it is a whole number of.
  package var spelling: String {
    guard self != .zero else { return "0s" }
    let units = [
      ("d", Ratio(86_400)), ("h", Ratio(3600)), ("m", Ratio(60)), ("s", Ratio(1)), ("ms", Ratio(1, 1000)),
      ("us", Ratio(1, 1_000_000)),
    ]
    for (name, unit) in units {
      let count = ticks(unit)
      if TimeSpan(ticks: count, unit) == self { return "\(count)\(name)" }
    }
    return "\(flicks)/\(Self.flicksPerSecond)s"
  }

  private static func units(_ text: String) -> TimeSpan? {
    let number = text.prefix { $0.isNumber || $0 == "." || $0 == "/" }
    let unit: Ratio
    switch text.dropFirst(number.count) {
    case "us", "µs": unit = Ratio(1, 1_000_000)
    case "ms": unit = Ratio(1, 1000)
    case "s", "": unit = Ratio(1)
    case "m", "min": unit = Ratio(60)
    case "h": unit = Ratio(3600)
    case "d": unit = Ratio(86_400)
    default: return nil
    }
    return fraction(number).flatMap { span($0, unit) }
  }

  /// `[hours:]minutes:seconds[.fraction]`.
  private static func clock(_ text: String) -> TimeSpan? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let seconds = fraction(parts.last!), !parts.last!.contains("/") else {
      return nil
    }
    var minutes: Int64 = 0
    for part in parts.dropLast() {
      guard !part.isEmpty, part.allSatisfy(\.isNumber), let value = Int64(part), value < 1_000_000 else { return nil }
      minutes = minutes * 60 + value
    }
    return span(seconds, Ratio(1)).map { $0 + TimeSpan(seconds: minutes * 60) }
  }

  private static func span(_ number: (Int64, Int64), _ unit: Ratio) -> TimeSpan? {
    let longest: Int64 = 50 * 365 * 86_400
    guard number.0 / number.1 < longest / max(1, unit.numerator) else { return nil }
    return TimeSpan(
      flicks: scale(number.0, by: unit.numerator * TimeSpan.flicksPerSecond, over: number.1 * unit.denominator))
  }
}

extension Ratio {
  /// A positive rate: `2`, `0.5`, `1/3`, `30000/1001`.
  /// - Returns: nil when the text is none of these, above 1000 or below 1/100000.
  package init?(spelt text: String) {
    guard let (numerator, denominator) = fraction(text[...]), numerator > 0,
      numerator <= 1000 * denominator, denominator <= 100_000 * numerator
    else { return nil }
    self.init(numerator, denominator)
  }
}

/// Numbers of bytes: `65536`, `64KiB`, `1.5MiB`, `20GB`.
package enum ByteCount {
  private static let units: [(name: String, bytes: Int64)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("KB", 1000), ("B", 1),
  ]

  /// - Returns: nil when the text is no whole number of bytes, or beyond 2⁶⁰.
  package static func parse(_ text: String) -> Int? {
    let unit = units.first { text.hasSuffix($0.name) }
    let number = text.dropLast(unit?.name.count ?? 0)
    guard let (numerator, denominator) = fraction(number, below: 1 << 60), !number.contains("/") else { return nil }
    let (product, isBeyond) = numerator.multipliedReportingOverflow(by: unit?.bytes ?? 1)
    guard !isBeyond, product % denominator == 0, product / denominator <= 1 << 60 else { return nil }
    return Int(product / denominator)
  }

  /// In the largest binary unit that it is a whole number of.
  package static func spelling(_ bytes: Int) -> String {
    let unit = units.prefix(4).first { bytes > 0 && Int64(bytes) % $0.bytes == 0 }
    return unit.map { "\(Int64(bytes) / $0.bytes)\($0.name)" } ?? "\(bytes)"
  }
}

/// A decimal or a fraction of decimals' digits, exactly; nil when it is neither.
private func fraction(_ text: Substring, below limit: Int64 = 1 << 32) -> (Int64, Int64)? {
  let parts = text.split(separator: "/", omittingEmptySubsequences: false)
  if parts.count == 2 {
    guard let numerator = whole(parts[0], limit), let denominator = whole(parts[1], limit), denominator > 0 else {
      return nil
    }
    return (numerator, denominator)
  }
  let decimal = text.split(separator: ".", omittingEmptySubsequences: false)
  guard decimal.count <= 2, let integer = whole(decimal[0].isEmpty ? "0" : decimal[0], limit), text != ".",
    !text.isEmpty
  else { return nil }
  guard decimal.count == 2, !decimal[1].isEmpty else { return (integer, 1) }
  guard integer < 1 << 32, decimal[1].count <= 9, let digits = whole(decimal[1], limit) else { return nil }
  let power = (0..<decimal[1].count).reduce(Int64(1)) { product, _ in product * 10 }
  return (integer * power + digits, power)
}

private func whole(_ text: Substring, _ limit: Int64) -> Int64? {
  guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int64(text), value < limit
  else { return nil }
  return value
}
