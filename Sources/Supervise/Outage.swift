/// What the log is told of a source that comes and goes: the first break and its end at once, and no more than a line a
/// minute however often it breaks; a line an hour while it stays away.
package struct Outage: Sendable {
  private static let pause = Duration.seconds(60)
  private static let reminder = Duration.seconds(3600)

  private var isUp = false
  /// When it broke off; nil: it has never given content, or gives it now.
  private var since: Duration?
  /// When the last break was told.
  private var told: Duration?
  /// Breaks that were over before they were told.
  private var untold = 0
  /// Whether the log knows of this break.
  private var isKnown = true

  package init() {}

  /// It gives content.
  /// - Returns: what is to be said.
  package mutating func end(at now: Duration) -> String? {
    guard !isUp else { return nil }
    defer { (isUp, since) = (true, nil) }
    guard isKnown else {
      untold += 1
      return nil
    }
    return since.map { "running again after \(Self.words(now - $0))" } ?? "running"
  }

  /// It gives none, for this reason.
  /// - Returns: what is to be said.
  package mutating func begin(_ reason: String, at now: Duration) -> String? {
    let isNew = isUp || since == nil
    if isNew { (isUp, since, isKnown) = (false, now, false) }
    if let told, now - told < (isKnown ? Self.reminder : Self.pause) { return nil }
    defer { (told, untold, isKnown) = (now, 0, true) }
    let away = isKnown ? "away for \(Self.words(now - (since ?? now))): " : ""
    return away + reason + (untold > 0 ? " (untold breaks before: \(untold))" : "")
  }

  private static func words(_ length: Duration) -> String {
    let seconds = length.components.seconds
    switch seconds {
    case ..<120: return "\(seconds) s"
    case ..<7200: return "\(seconds / 60) min"
    case ..<172_800: return "\(seconds / 3600) h"
    default: return "\(seconds / 86_400) days"
    }
  }
}
