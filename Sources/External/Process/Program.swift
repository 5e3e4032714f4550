/// A program that runs, whose input and output are pipes of ours.
protocol Program: AnyObject {
  /// Writes and reads what is possible at once, or waits for that: until `deadline`, and never longer than a glance,
  /// so that others may be looked after.
  func exchange(_ outgoing: ArraySlice<UInt8>, until deadline: Duration) -> Exchange
  /// Closes its input, waits `patience` for its end, and then ends it and all that it has started.
  func stop(patience: Duration)
  /// Whether it has really ended, after it was stopped: the kernel may not let it go.
  func isGone() -> Bool
}

/// What one wait brought.
struct Exchange {
  /// Bytes of `outgoing` that were taken.
  var written = 0
  var read: [UInt8] = []
  /// That it will never give anything more; told when all that it gave has been read, so never beside bytes.
  var end: Mishap?
}

/// Where programs run: the system, or a test's stage.
protocol ProgramHost: Sendable {
  /// By a clock that never goes back, from any zero.
  var now: Duration { get }
  /// Whether somebody wants all to end.
  var isCancelled: Bool { get }
  /// Lines of its programs that nobody was shown.
  var hiddenLines: Int64 { get }
  func wait(until: Duration)
  /// - Throws: `Mishap` of kind `handshake` where it cannot be started.
  func start() throws(Mishap) -> any Program
}
