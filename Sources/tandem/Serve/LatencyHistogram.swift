import Serve
import Synchronization

/// How long things took, as Prometheus adds it up.
final class LatencyHistogram: Sendable {
  private let state = Mutex(
    Histogram(bounds: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2.5, 5, 10, 30]))

  func add(_ span: Duration) { state.withLock { $0.observe(Double(span.nanoseconds) / 1e9) } }

  var histogram: Histogram { state.withLock { $0 } }
}

extension Duration {
  /// Whole nanoseconds; what is longer than 292 years stays at that.
  var nanoseconds: Int {
    let (seconds, attoseconds) = components
    let (whole, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return isBeyond ? .max : Int(whole) + Int(attoseconds / 1_000_000_000)
  }
}
