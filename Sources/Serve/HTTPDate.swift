import Glibc

/// A moment as fields of HTTP give it: `Sun, 06 Nov 1994 08:49:37 GMT`.
/// Source: RFC 9110 §5.6.7.
enum HTTPDate {
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  private static let day = 86_400

  static var now: String { text(time(nil)) }

  /// - Parameter seconds: since 1970.
  static func text(_ seconds: Int) -> String {
    let days = seconds / day
    let (year, month, monthDay) = date(days)
    let clock = [seconds % day / 3600, seconds / 60 % 60, seconds % 60].map(two).joined(separator: ":")
    return "\(weekdays[(days + 4) % 7]), \(two(monthDay)) \(months[month - 1]) \(year) \(clock) GMT"
  }

  /// The year is counted from March, so that a leap day is its last.
  /// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
  private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + 400 * era + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
