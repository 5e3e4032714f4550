import Align

/// Why a window that was due became no record.
enum WindowLoss: String, CaseIterable, Sendable {
  /// Nobody could begin it in time, and its source does not wait.
  case overload
  /// The stages of its source broke off while it was on its way.
  case failed
  /// The store did not take its record.
  case refused
  /// The daemon ended before there was time for it.
  case stopped
}

/// What became of the windows of a source, but for those under way: at any moment `due = given + dropped`.
struct WindowAccounts: Sendable {
  private var aligned = Aligner.Accounts()
  private var losses: [WindowLoss: Int64] = [:]
  /// Records that the store has neither taken nor refused.
  private var underWay: Int64 = 0

  var due: Int64 { aligned.due - underWay }
  /// The store has their records.
  var given: Int64 { aligned.given - underWay - self[.refused] }
  var dropped: Int64 { losses.values.reduce(0, +) }
  subscript(loss: WindowLoss) -> Int64 { losses[loss] ?? 0 }

  /// The stages have come to the end of more windows.
  /// - Parameters:
  ///   - loss: why some of them were dropped, if they were.
  ///   - records: those on their way to the store.
  mutating func add(_ more: Aligner.Accounts, dropped loss: WindowLoss, underWay records: Int) {
    aligned = aligned + more
    losses[loss, default: 0] += more.dropped
    underWay += Int64(records)
  }

  /// The store has taken a record, or refused it.
  mutating func settle(isTaken: Bool) {
    underWay -= 1
    if !isTaken { losses[.refused, default: 0] += 1 }
  }
}
