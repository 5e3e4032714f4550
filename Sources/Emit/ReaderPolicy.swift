import System

/// How to treat those who read: how long to wait for them, and what may end the waiting.
package struct ReaderPolicy: Sendable {
  /// Live: starts at once and never waits; a reader that is behind loses whole batches. Otherwise the first batch
  /// waits for a reader, and each batch for the slowest.
  package var isLive: Bool
  /// A socket's reader that takes nothing for so long is dropped.
  package var patience: Duration
  /// A clock that never goes back, from any zero.
  package var now: @Sendable () -> Duration
  /// Asked at least every 100 ms while waiting for a reader of a socket or pipe.
  package var isCancelled: @Sendable () -> Bool

  package init(
    isLive: Bool = false, patience: Duration = .seconds(5),
    now: @escaping @Sendable () -> Duration = { monotonicTime() },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.isLive = isLive
    self.patience = patience
    self.now = now
    self.isCancelled = isCancelled
  }

  /// How long one wait may last before `isCancelled` is asked again.
  static let glance: Int32 = 100
}
