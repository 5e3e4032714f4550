import Media

/// The last intervals between pictures: what a missing or crooked stamp is measured by.
struct Rhythm {
  private let tick: TimeSpan
  /// The interval that the codec declares: believed at the beginning, as long as the pictures keep it.
  private let nominal: TimeSpan?
  private var intervals: [TimeSpan] = []
  private static let memory = 32

  init(tick: TimeSpan, nominal: TimeSpan?) {
    self.tick = tick
    self.nominal = nominal
  }

  mutating func add(_ interval: TimeSpan) {
    intervals.append(interval)
    if intervals.count > Self.memory { intervals.removeFirst() }
  }

  var last: TimeSpan? { intervals.last }

  var median: TimeSpan? { intervals.isEmpty ? nil : intervals.sorted()[intervals.count / 2] }

  /// Even to within the rounding of a tick for at least eight pictures before the last.
  var isRegular: Bool { intervals.count > 8 ? spread <= tick : isNominal }

  /// A short beginning, in which all but one or two intervals are the declared one.
  private var isNominal: Bool {
    guard let nominal else { return false }
    let odd = intervals.count { ($0 - nominal).magnitude > tick }
    return odd == 0 || (odd <= 2 && intervals.count > 2 * odd)
  }

  /// How far `middle` lies off the beat while its neighbours keep it: the sign of one damaged stamp, which a
  /// change of rhythm does not show.
  func irregularity(_ before: TimeSpan, _ middle: TimeSpan, _ after: TimeSpan) -> TimeSpan {
    guard let beat = intervals.count > 8 ? median : nominal else { return .zero }
    guard (after - before - beat * 2).magnitude <= tick else { return .zero }
    let off = (middle - before - beat).magnitude
    return off > spread ? off : .zero
  }

  /// How much the intervals differ: without the last, which is the one in question, and without the two shortest
  /// and longest of many, which an earlier damaged stamp may have made.
  private var spread: TimeSpan {
    guard intervals.count > 8 else { return .zero }
    let odd = intervals.count > 16 ? 2 : 0
    let usual = intervals.dropLast().sorted().dropFirst(odd).dropLast(odd)
    return usual.last! - usual.first!
  }
}
