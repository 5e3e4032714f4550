import Glibc
import Media
import Synchronization
import System

/// The recorded files that are done with: all their records are durable. Remembered over restarts, so that a file is
/// read once, and forgotten when the file is gone or has become another one.
final class FinishedFiles: Sendable {
  private struct Entry: Hashable, Sendable {
    let label: String
    let file: FileMark
  }

  private struct State {
    var done: [String: Entry] = [:]
    /// Being read, or not yet durable, by label.
    var expected: [String: (path: String, file: FileMark)] = [:]
  }

  private let path: String
  private let state = Mutex(State())

  /// - Parameter folder: the daemon's state.
  /// - Throws: `FileProblem`.
  init(in folder: String) throws(FileProblem) {
    path = "\(folder)/finished"
    guard isFile(path) else { return }
    let lines = try contents(of: path, limit: 256 << 20).split(separator: "\n")
    var done: [String: Entry] = [:]
    for line in lines {
      // A torn last line is a file that is read again: its records are known and stored once.
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, let mark = FileMark(text: parts[0]) else { continue }
      let file = Self.unescaped(parts[2])
      if FileMark(of: file) == mark { done[file] = Entry(label: Self.unescaped(parts[1]), file: mark) }
    }
    state.withLock { $0.done = done }
    try rewrite(done)
  }

  func contains(_ path: String, label: String) -> Bool {
    guard let mark = FileMark(of: path) else { return false }
    return state.withLock { $0.done[path] == Entry(label: label, file: mark) }
  }

  /// The file is about to be read: as it is now, it is done with when its source has finished.
  func expect(_ path: String, label: String) {
    guard let mark = FileMark(of: path) else { return }
    state.withLock { $0.expected[label] = (path, mark) }
  }

  /// The last record of the source of this name is durable.
  func finish(_ label: String) {
    let line = state.withLock { state -> String? in
      guard let (path, mark) = state.expected.removeValue(forKey: label) else { return nil }
      state.done[path] = Entry(label: label, file: mark)
      return Self.line(path, label, mark)
    }
    guard let line else { return }
    do throws(Errno) {
      let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
      _ = try file.write(Array(line.utf8), from: 0)
      try file.syncData()
    } catch { Messages.warning("\(shown(path)): \(error); after a restart \(label) is read again") }
  }

  private func rewrite(_ done: [String: Entry]) throws(FileProblem) {
    let text = done.sorted { $0.key < $1.key }.map { Self.line($0.key, $0.value.label, $0.value.file) }.joined()
    let draft = path + ".draft"
    do throws(Errno) {
      let file = try Descriptor.open(draft, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
      var written = 0
      let bytes = Array(text.utf8)
      while written < bytes.count { written += try file.write(bytes, from: written) }
      try file.syncData()
      _ = try Errno.check { unsafe rename(PathText.cString(draft), PathText.cString(path)) }
    } catch { throw FileProblem(path: path, reason: "\(error)") }
  }

  private static func line(_ path: String, _ label: String, _ mark: FileMark) -> String {
    "\(mark.text)\t\(escaped(label))\t\(escaped(path))\n"
  }

  /// A name may hold what separates names.
  private static func escaped(_ name: String) -> String {
    name.map { $0 == "\\" ? "\\\\" : $0 == "\n" ? "\\n" : $0 == "\t" ? "\\t" : String($0) }.joined()
  }

  private static func unescaped(_ text: String) -> String {
    var name = ""
    var isEscaped = false
    for character in text {
      if isEscaped {
        name.append(character == "n" ? "\n" : character == "t" ? "\t" : character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else {
        name.append(character)
      }
    }
    return name
  }
}

/// What tells a file from another one, or from itself when it has changed.
private struct FileMark: Hashable, Sendable {
  let text: String

  init?(text: String) {
    guard text.split(separator: ":").count == 4 else { return nil }
    self.text = text
  }

  init?(of path: String) {
    var status = stat()
    guard unsafe stat(PathText.cString(path), &status) == 0 else { return nil }
    let changed = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    text = "\(status.st_dev):\(status.st_ino):\(status.st_size):\(changed)"
  }
}
