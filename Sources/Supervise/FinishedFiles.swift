import Glibc
package import System

import Synchronization

/// The recorded files that were read or are being read, and which epochs their records carry: so that a file is read
/// once, goes on where it was left off, and never gets the epochs of another one of its name. Remembered over restarts,
/// and forgotten but for the epochs when it is gone or has become another one. May be called from any thread; what
/// writes waits for the disk, and meanwhile the others wait for it.
package final class FinishedFiles: Sendable {
  package struct Limits: Sendable {
    /// Of what is remembered, as text. Files beyond that are read again after a restart.
    package var bytes = 64 << 20
    /// Of the names of files that are gone. Where more are, new names begin behind the epochs of the oldest.
    package var gone = 4 << 20
    /// The file on the disk grows by so much, and as much as it was, before what is gone is taken out of it.
    package var growth = 1 << 20

    package init() {}
  }

  package struct Figures: Hashable, Sendable {
    /// Remembered now as done with.
    package var files = 0
    /// Forgotten, since they were gone or had become others.
    package var dropped: Int64 = 0
    /// Done with and not remembered: there was no room, or the disk failed.
    package var unnoted: Int64 = 0
  }

  private struct State {
    var list: FinishedList
    /// Being read, or not yet durable, by label.
    var expected: [String: FinishedList.Entry] = [:]
    var unnoted: Int64 = 0

    var figures: Figures { Figures(files: list.doneCount, dropped: list.dropped, unnoted: unnoted) }
  }

  private let state: Mutex<State>
  private let known: Mutex<Figures>

  /// Looks at no file but its own: theirs may lie on disks that do not answer.
  /// - Parameter folder: where the file `finished` lies, or will.
  /// - Throws: what the system says of it.
  package init(in folder: String, _ limits: Limits = Limits()) throws(Errno) {
    let first = State(list: try FinishedList(in: folder, limits))
    known = Mutex(first.figures)
    state = Mutex(first)
  }

  /// The file is as it was when it was done with under this label: it will not be read again.
  package func contains(_ path: String, label: String) -> Bool {
    guard let mark = FileMark(of: path) else { return false }
    return state.withLock { $0.list[label].map { $0.isDone && $0.mark == mark } ?? false }
  }

  /// The file is about to be read: as it is now, it is done with when its source has finished.
  /// - Parameter minimum: epochs below may be in use under this label, as others know.
  /// - Returns: the epoch that it begins with: the same as before where it was read in part, else one that nothing has
  ///   had under this label. That is on the disk now.
  /// - Throws: what the system says.
  package func begin(_ path: String, label: String, atLeast minimum: Int32) throws(Errno) -> Int32 {
    let mark = FileMark(of: path)
    return try state.withLock { state throws(Errno) in
      if let known = state.list[label], let mark, known.mark == mark {
        try state.list.secure()
        state.expected[label] = known
        return known.first
      }
      let first = max(minimum, state.list.nextEpoch(of: label))
      guard let mark else { return first }
      let entry = FinishedList.Entry(path: path, mark: mark, first: first, next: try Self.successor(of: first))
      _ = try state.list.put(label, entry)
      state.expected[label] = entry
      return first
    }
  }

  /// The file that is being read comes to this epoch: when this returns, it is on the disk that none below the next is
  /// given to another one.
  /// - Throws: what the system says.
  package func reach(_ epoch: Int32, label: String) throws(Errno) {
    try state.withLock { state throws(Errno) in
      guard var entry = state.expected[label], epoch >= entry.next else { return }
      entry.next = try Self.successor(of: epoch)
      // As many again are taken at once: a file may have thousands, and each would wait for the disk.
      var ahead = entry
      let (next, isBeyond) = entry.next.addingReportingOverflow(epoch - entry.first)
      ahead.next = isBeyond ? .max : next
      if epoch >= state.list.nextEpoch(of: label) {
        _ = try state.list.put(label, ahead)
      } else {
        try state.list.secure()
      }
      state.expected[label] = entry
    }
  }

  private static func successor(of epoch: Int32) throws(Errno) -> Int32 {
    guard epoch < .max else { throw Errno(code: EOVERFLOW) }
    return epoch + 1
  }

  /// Whether the file at its path is still the one that was there when its reading began.
  package func isInPlace(_ label: String) -> Bool {
    guard let entry = state.withLock({ $0.expected[label] }), let mark = entry.mark else { return true }
    return FileMark(of: entry.path)?.isSameFile(as: mark) ?? true
  }

  /// Epochs below may be in use under this label.
  package func nextEpoch(of label: String) -> Int32 { state.withLock { $0.list.nextEpoch(of: label) } }

  /// The reading has been given up: nothing will finish.
  package func abandon(_ label: String) { state.withLock { _ = $0.expected.removeValue(forKey: label) } }

  /// Whether a file of this label is still on its way.
  package func isExpected(_ label: String) -> Bool { state.withLock { $0.expected[label] != nil } }

  /// The last record of the source of this name is durable.
  /// - Parameter done: called where it is noted, before anybody can learn that the file is no longer on its way.
  /// - Returns: whether that is on the disk now: the file will never be read again, unless it changes.
  /// - Throws: what the system says: after a restart the file is read again.
  @discardableResult
  package func finish(_ label: String, then done: () -> Void = {}) throws(Errno) -> Bool {
    try state.withLock { state throws(Errno) in
      defer { known.withLock { $0 = state.figures } }
      guard var entry = state.expected.removeValue(forKey: label) else { return false }
      entry.isDone = true
      do throws(Errno) {
        let isNoted = try state.list.put(label, entry)
        state.unnoted += isNoted ? 0 : 1
        if isNoted { done() }
        return isNoted
      } catch {
        state.unnoted += 1
        throw error
      }
    }
  }

  /// Takes out what is gone of a folder, where the list has grown enough for that. Whoever reads the folder calls it,
  /// for one that does not answer holds up its caller.
  /// - Throws: what the system says: it is tried again later.
  package func tidy(_ folder: String) throws(Errno) {
    let known = state.withLock { $0.list.due(in: folder) }
    if !known.isEmpty { try drop(of: known, in: folder) }
  }

  /// Takes out all that is gone. For a thread that may wait for disks.
  /// - Throws: what the system says.
  package func sweep() throws(Errno) {
    let known = state.withLock { $0.list.all }
    try drop(of: known, in: nil)
  }

  private func drop(of known: [FinishedList.Known], in folder: String?) throws(Errno) {
    let gone = known.filter { !($0.entry.mark?.mayComeAgain(at: $0.entry.path) ?? true) }
    guard folder != nil || !gone.isEmpty else { return }
    try state.withLock { state throws(Errno) in
      defer { self.known.withLock { $0 = state.figures } }
      try state.list.drop(gone, of: folder)
    }
  }

  /// Waits for nothing.
  package var figures: Figures { known.withLock { $0 } }
}
