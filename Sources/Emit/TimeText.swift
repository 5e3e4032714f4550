import Glibc
import Media

extension Instant {
  /// `00:01:02.500`: the nearest millisecond of its nanoseconds; hours grow past 99.
  var clockText: String {
    let milliseconds = scale(sinceZero.nanoseconds, by: 1, over: 1_000_000)
    let (seconds, fraction) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    return (milliseconds < 0 ? "-" : "") + clock(seconds) + "." + padded(fraction, 3)
  }
}

/// RFC 3339 in UTC with microseconds: `2026-11-23T14:57:00.000001Z`; nil outside the years 0 to 9999, which it
/// cannot write.
func utcText(microseconds: Int64) -> String? {
  let second = scale(microseconds, by: 1, over: 1_000_000, .down)
  let day = scale(second, by: 1, over: 86_400, .down)
  let (year, month, date) = civilDate(daysSince1970: day)
  guard (0...9999).contains(year) else { return nil }
  let time = clock((second - day * 86_400).magnitude)
  let fraction = padded((microseconds - second * 1_000_000).magnitude, 6)
  return "\(padded(year.magnitude, 4))-\(padded(month.magnitude, 2))-\(padded(date.magnitude, 2))T\(time).\(fraction)Z"
}

/// Level of a mean power, full scale = 1, in dBFS.
func decibels(_ power: Float) -> Float { Float(10 * log10(Double(power))) }

/// A mean power of this level: the nearest that `decibels` gives back, where one does.
func power(_ level: Float) -> Float {
  let power = Float(pow(10, Double(level) / 10))
  let near = [power, power.nextUp, power.nextDown, power.nextUp.nextUp, power.nextDown.nextDown]
  return near.first { decibels($0) == level } ?? power
}

/// Year, month and day of the proleptic Gregorian calendar.
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
private func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
  let shifted = daysSince1970 + 719_468  // days since 0000-03-01
  let era = scale(shifted, by: 1, over: 146_097, .down)
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let marchMonth = (5 * dayOfYear + 2) / 153
  let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
}

private func clock(_ seconds: UInt64) -> String {
  "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
}

private func padded(_ value: some UnsignedInteger, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
