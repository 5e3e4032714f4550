import ArgumentParser
import Emit
import Fuse
import Media

// How flags are spelt: one grammar each, in flags and configuration alike.

/// A length of time: `2s`, `500ms`, `1/3s`, `1.5m`, `1h`, `00:01:02.5`.
struct DurationText: ExpressibleByArgument {
  let span: TimeSpan
  let defaultValueDescription: String

  init?(argument: String) {
    guard let span = Self.clock(argument) ?? Self.units(argument) else { return nil }
    self.span = span
    defaultValueDescription = argument
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

/// A positive rate: `2`, `0.5`, `1/3`, `30000/1001`.
struct RateText: ExpressibleByArgument {
  let ratio: Ratio
  let defaultValueDescription: String

  init?(argument: String) {
    guard let (numerator, denominator) = fraction(argument[...]), numerator > 0,
      numerator <= 1000 * denominator, denominator <= 100_000 * numerator
    else { return nil }
    ratio = Ratio(numerator, denominator)
    defaultValueDescription = argument
  }
}

/// `I/N`: this of N shares, from 0.
struct ShardText: ExpressibleByArgument {
  let index: Int
  let count: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count > 0, (0..<count).contains(index)
    else { return nil }
    self.index = index
    self.count = count
  }
}

struct TracksText: ExpressibleByArgument {
  let selection: TrackSelection
  let defaultValueDescription: String

  init?(argument: String) {
    guard let selection = TrackSelection(argument) else { return nil }
    self.selection = selection
    defaultValueDescription = argument
  }
}

extension RecordFormat: ExpressibleByArgument {}
extension VectorForm: ExpressibleByArgument {}
extension Fuser.Kind: ExpressibleByArgument {}

/// A decimal or a fraction of decimals' digits, exactly; nil when it is neither.
private func fraction(_ text: Substring) -> (Int64, Int64)? {
  let parts = text.split(separator: "/", omittingEmptySubsequences: false)
  if parts.count == 2 {
    guard let numerator = whole(parts[0]), let denominator = whole(parts[1]), denominator > 0 else { return nil }
    return (numerator, denominator)
  }
  let decimal = text.split(separator: ".", omittingEmptySubsequences: false)
  guard decimal.count <= 2, let integer = whole(decimal[0].isEmpty ? "0" : decimal[0]), text != ".", !text.isEmpty
  else { return nil }
  guard decimal.count == 2, !decimal[1].isEmpty else { return (integer, 1) }
  guard decimal[1].count <= 9, let digits = whole(decimal[1]) else { return nil }
  let power = (0..<decimal[1].count).reduce(Int64(1)) { product, _ in product * 10 }
  return (integer * power + digits, power)
}

private func whole(_ text: Substring) -> Int64? {
  guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int64(text), value < 1 << 32
  else { return nil }
  return value
}
