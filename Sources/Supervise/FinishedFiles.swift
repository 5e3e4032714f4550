package import System

import Synchronization

/// The recorded files that are done with: all their records are durable. Remembered over restarts, so that a file is
/// read once, and forgotten when it is gone or has become another one. May be called from any thread; `finish` waits
/// for the disk, and meanwhile the others wait for it.
package final class FinishedFiles: Sendable {
  package struct Limits: Sendable {
    /// Of what is remembered, as text. Files beyond that are read again after a restart.
    package var bytes = 64 << 20
    /// The file on the disk grows by so much, and as much as it was, before what is gone is taken out of it.
    package var growth = 1 << 20

    package init() {}
  }

  package struct Figures: Hashable, Sendable {
    /// Remembered now.
    package var files = 0
    /// Forgotten, since they were gone or had become others.
    package var dropped: Int64 = 0
    /// Done with and not remembered: there was no room, or the disk failed.
    package var unnoted: Int64 = 0
  }

  private struct State {
    var list: FinishedList
    /// Being read, or not yet durable, by label.
    var expected: [String: (path: String, mark: FileMark)] = [:]
    var unnoted: Int64 = 0

    var figures: Figures { Figures(files: list.count, dropped: list.dropped, unnoted: unnoted) }
  }

  private let state: Mutex<State>
  private let known: Mutex<Figures>

  /// - Parameter folder: where the file `finished` lies, or will.
  /// - Throws: what the system says of it. A full disk is no reason.
  package init(in folder: String, _ limits: Limits = Limits()) throws(Errno) {
    let first = State(list: try FinishedList(in: folder, limits))
    known = Mutex(first.figures)
    state = Mutex(first)
  }

  /// The file is as it was when it was done with under this label: it will not be read again.
  package func contains(_ path: String, label: String) -> Bool {
    guard let mark = FileMark(of: path) else { return false }
    return state.withLock { $0.list[path] == FinishedList.Entry(label: label, mark: mark) }
  }

  /// The file is about to be read: as it is now, it is done with when its source has finished.
  package func expect(_ path: String, label: String) {
    guard let mark = FileMark(of: path) else { return }
    state.withLock { $0.expected[label] = (path, mark) }
  }

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
      guard let (path, mark) = state.expected.removeValue(forKey: label) else { return false }
      do throws(Errno) {
        let isNoted = try state.list.add(path, FinishedList.Entry(label: label, mark: mark))
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
    guard !known.isEmpty else { return }
    let gone = known.filter { !$0.entry.mark.mayComeAgain(at: $0.path) }
    try state.withLock { state throws(Errno) in
      defer { self.known.withLock { $0 = state.figures } }
      try state.list.drop(gone, of: folder)
    }
  }

  /// Waits for nothing.
  package var figures: Figures { known.withLock { $0 } }
}
