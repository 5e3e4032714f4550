import Media

/// How exactly a track's stamps stand for the truth, learnt from the stamps themselves.
struct StampPrecision {
  private let timing: TrackTiming
  /// Greatest common divisor of all stamps seen, in ticks.
  private var divisor: Int64 = 0

  init(_ timing: TrackTiming) { self.timing = timing }

  mutating func observe(_ ticks: Int64) {
    var (a, b) = (divisor, abs(ticks))
    while b != 0 { (a, b) = (b, a % b) }
    divisor = a
  }

  /// Half-width of the interval in which the true instant of a stamp lies. A tick that the muxer chose for the
  /// track divides its true stamps: as long as they share a coarser one, or
  /// are frame numbers, none was rounded.
  var halfWidth: TimeSpan {
    let tick = TimeSpan(ticks: 1, timing.timeBase)
    let half = TimeSpan(flicks: (tick.flicks + 1) / 2)
    return switch timing.precision {
    case .chosenTick: divisor == 1 && tick != timing.nominalInterval ? half : .zero
    case .rounded: half
    case .cutOff: tick
    }
  }
}
