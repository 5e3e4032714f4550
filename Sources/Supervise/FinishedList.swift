import Glibc
import Media
import System

/// Files that are done with, in memory and on the disk: a line for each, appended and synced one by one. What is gone
/// is taken out as the list grows, so that both stay as large as what really lies there.
struct FinishedList {
  struct Entry: Hashable {
    let label: String
    let mark: FileMark
  }

  /// What the files of one folder take: the lines of all, and of those that came since what is gone was taken out.
  private struct Share {
    var bytes = 0
    var growth = 0
  }

  /// No line that was written whole is longer: a path has 4096 bytes at most.
  private static let longestLine = 1 << 16

  private let folder: String
  private let limits: FinishedFiles.Limits
  private var entries: [String: Entry] = [:]
  private var folders: [String: Share] = [:]
  /// Of the lines of all entries.
  private var bytes = 0
  /// Of the file when it was last written anew, and of the lines that came since.
  private var base = 0
  private var growth = 0
  /// Something found no room.
  private var isFull = false
  /// What stands in the file is not known, or cannot be gone on with: it must be written anew.
  private var isSuspect = true
  private(set) var dropped: Int64 = 0

  private var path: String { "\(folder)/finished" }

  init(in folder: String, _ limits: FinishedFiles.Limits) throws(Errno) {
    (self.folder, self.limits) = (folder, limits)
    do throws(Errno) { try load() } catch { if error.code != ENOENT { throw error } }
    let gone = entries.filter { !$0.value.mark.mayComeAgain(at: $0.key) }.map { (path: $0.key, entry: $0.value) }
    do throws(Errno) { try drop(gone) } catch { if error.code != ENOSPC, error.code != EDQUOT { throw error } }
  }

  var count: Int { entries.count }

  subscript(path: String) -> Entry? { entries[path] }

  /// - Returns: true when it is on the disk; false where there is no room for it.
  mutating func add(_ path: String, _ entry: Entry) throws(Errno) -> Bool {
    let line = FinishedLine.bytes(path, entry)
    folders[Self.folder(of: path), default: Share()].growth += line.count
    let isKept = insert(path, entry)
    if isSuspect || growth > max(limits.growth, base) { try rewrite() } else if isKept { try append(line) }
    return isKept
  }

  /// Those of a folder, where so many came that what is gone should be taken out; else none.
  func due(in folder: String) -> [(path: String, entry: Entry)] {
    guard let share = folders[folder] else { return [] }
    let before = isFull ? 0 : share.bytes - share.growth
    guard share.growth > max(limits.growth, before) else { return [] }
    return entries.filter { Self.folder(of: $0.key) == folder }.map { (path: $0.key, entry: $0.value) }
  }

  /// Takes out what is gone. `folder`: the one that was looked through.
  mutating func drop(_ gone: [(path: String, entry: Entry)], of folder: String? = nil) throws(Errno) {
    for (path, entry) in gone where entries[path] == entry {
      entries[path] = nil
      count(path, entry, -1)
      dropped += 1
    }
    isFull = false
    if let folder { folders[folder]?.growth = 0 }
    try rewrite()
  }

  /// False where that would be too much.
  private mutating func insert(_ path: String, _ entry: Entry) -> Bool {
    let before = entries[path].map { FinishedLine.bytes(path, $0).count } ?? 0
    guard bytes - before + FinishedLine.bytes(path, entry).count <= limits.bytes else {
      isFull = true
      return false
    }
    if let old = entries.updateValue(entry, forKey: path) { count(path, old, -1) }
    count(path, entry, 1)
    return true
  }

  private static func folder(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? ""
  }

  private mutating func count(_ path: String, _ entry: Entry, _ sign: Int) {
    let size = sign * FinishedLine.bytes(path, entry).count
    let folder = Self.folder(of: path)
    bytes += size
    folders[folder, default: Share()].bytes += size
  }
}

// MARK: On the disk

extension FinishedList {
  private mutating func load() throws(Errno) {
    let file = try Descriptor.open(path, O_RDONLY)
    var rest: [UInt8] = []
    while true {
      let piece = try file.readSome(1 << 20)
      if piece.isEmpty { break }
      rest += piece
      var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let last = lines.removeLast()
      for line in lines { if let (path, entry) = FinishedLine.read(line) { _ = insert(path, entry) } }
      // A torn last line is a file that is read again. Longer than any line is nothing of ours.
      rest = last.count > Self.longestLine ? [] : Array(last)
    }
  }

  private mutating func append(_ line: [UInt8]) throws(Errno) {
    isSuspect = true  // until all of the line is there: a torn one would spoil the next
    let file = try Descriptor.open(path, O_WRONLY | O_APPEND)
    try Self.write(line, to: file)
    growth += line.count
    isSuspect = false
  }

  /// A new file takes the name, and that it does is on the disk before anything is appended to it.
  private mutating func rewrite() throws(Errno) {
    isSuspect = true
    let draft = path + ".draft"
    let file = try Descriptor.open(draft, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    try Self.write(entries.flatMap { FinishedLine.bytes($0.key, $0.value) }, to: file)
    try Folder.rename(draft, to: path)
    try Folder.sync(folder)
    (base, growth) = (bytes, 0)
    isSuspect = false
  }

  private static func write(_ bytes: [UInt8], to file: borrowing Descriptor) throws(Errno) {
    var written = 0
    while written < bytes.count { written += try file.write(bytes, from: written) }
    try file.syncData()
  }
}

/// `MARK TAB LABEL TAB PATH`, with backslashes before what would separate.
private enum FinishedLine {
  static func bytes(_ path: String, _ entry: FinishedList.Entry) -> [UInt8] {
    Array("\(entry.mark.text)\t\(escaped(entry.label))\t\(escaped(path))\n".utf8)
  }

  static func read(_ line: ArraySlice<UInt8>) -> (path: String, FinishedList.Entry)? {
    let parts = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
    guard parts.count == 3, let mark = FileMark(text: String(decoding: parts[0], as: UTF8.self)) else { return nil }
    return (unescaped(parts[2]), FinishedList.Entry(label: unescaped(parts[1]), mark: mark))
  }

  private static func escaped(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
    var name: [UInt8] = []
    var isEscaped = false
    for byte in text {
      if isEscaped {
        name.append(byte == UInt8(ascii: "n") ? 0x0A : byte == UInt8(ascii: "t") ? 0x09 : byte)
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        name.append(byte)
      }
    }
    return String(decoding: name, as: UTF8.self)
  }
}
