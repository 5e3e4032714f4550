import Glibc
import System

/// Files that were read or are being read, in memory and on the disk: a line for whatever is new of one, appended and
/// synced one by one. What is gone is taken out as the list grows, so that both stay as large as what really lies there
/// and the names of what was there lately.
struct FinishedList {
  struct Entry: Hashable {
    var path: String
    /// Nil: gone, and only its epochs are remembered.
    var mark: FileMark?
    /// Its records carry epochs from the one, below the other.
    var first: Int32
    var next: Int32
    /// All its records are durable.
    var isDone = false

    var folder: String { path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "" }
  }

  typealias Known = (label: String, entry: Entry)

  /// What the files of one folder take: the lines of all, and of those that came since what is gone was taken out.
  private struct Share {
    var bytes = 0
    var growth = 0
  }

  private let folder: String
  private let limits: FinishedFiles.Limits
  private var entries: [String: Entry] = [:]
  private var folders: [String: Share] = [:]
  /// Names of what is gone, the oldest first; some may have come again.
  private var gone: [String] = []
  /// No epoch of a name that is not remembered is below.
  private var floor: Int32 = 0
  /// Of the lines of all entries, and of those that are gone.
  private var bytes = 0
  private var goneBytes = 0
  /// Of the file when it was last written anew, and of the lines that came since.
  private var base = 0
  private var growth = 0
  /// Something found no room.
  private var isFull = false
  /// What stands in the file is not known, or cannot be gone on with: it must be written anew.
  private var isSuspect = true
  private(set) var dropped: Int64 = 0
  private(set) var doneCount = 0

  init(in folder: String, _ limits: FinishedFiles.Limits) throws(Errno) {
    (self.folder, self.limits) = (folder, limits)
    // A folder that is not there, or cannot be read, is told at once.
    _ = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
    do throws(Errno) { try load() } catch { if error.code != ENOENT { throw error } }
  }

  /// What is remembered of a name; nil also where that is only its epochs.
  subscript(label: String) -> Entry? { entries[label].flatMap { $0.mark == nil ? nil : $0 } }

  /// No record of this name has it, nor any beyond.
  func nextEpoch(of label: String) -> Int32 { entries[label]?.next ?? floor }

  /// - Returns: true when it is on the disk; false where there is no room for it.
  mutating func put(_ label: String, _ entry: Entry) throws(Errno) -> Bool {
    let line = FinishedLine.bytes(label, entry)
    if self[label]?.mark != entry.mark { folders[entry.folder, default: Share()].growth += line.count }
    let isKept = insert(label, entry)
    if isSuspect || growth > max(limits.growth, base) { try rewrite() } else if isKept { try append(line) }
    return isKept
  }

  /// All that is remembered is on the disk when this returns, also after a failure.
  mutating func secure() throws(Errno) { if isSuspect { try rewrite() } }

  var all: [Known] { entries.filter { $0.value.mark != nil }.map { ($0.key, $0.value) } }

  /// Those of a folder, where so many came that what is gone should be taken out; else none.
  func due(in folder: String) -> [Known] {
    guard let share = folders[folder] else { return [] }
    let before = isFull ? 0 : share.bytes - share.growth
    guard share.growth > max(limits.growth, before) else { return [] }
    return all.filter { $0.entry.folder == folder }
  }

  /// Takes out what is gone. `folder`: the one that was looked through.
  mutating func drop(_ gone: [Known], of folder: String? = nil) throws(Errno) {
    for (label, entry) in gone where entries[label] == entry {
      bury(label, entry)
      dropped += 1
    }
    isFull = false
    if let folder { folders[folder]?.growth = 0 }
    try rewrite()
  }

  /// False where that would be too much.
  private mutating func insert(_ label: String, _ entry: Entry) -> Bool {
    let before = self[label].map { FinishedLine.bytes(label, $0).count } ?? 0
    guard bytes - before + FinishedLine.bytes(label, entry).count <= limits.bytes else {
      isFull = true
      return false
    }
    if let old = entries.updateValue(entry, forKey: label) { count(label, old, -1) }
    count(label, entry, 1)
    return true
  }

  /// Keeps no more than its epochs.
  private mutating func bury(_ label: String, _ entry: Entry) {
    count(label, entry, -1)
    entries[label] = nil
    guard entry.next > floor else { return }
    remember(label, next: entry.next)
  }

  private mutating func remember(_ label: String, next: Int32) {
    let shade = Entry(path: "", mark: nil, first: 0, next: next)
    if let old = entries.updateValue(shade, forKey: label) { count(label, old, -1) }
    count(label, shade, 1)
    gone.append(label)
    guard goneBytes > limits.gone else { return }
    // Some more at once, for the array moves.
    var taken = 0
    while goneBytes > limits.gone / 8 * 7, taken < gone.count {
      let oldest = gone[taken]
      taken += 1
      guard let entry = entries[oldest], entry.mark == nil else { continue }
      count(oldest, entry, -1)
      entries[oldest] = nil
      floor = max(floor, entry.next)
    }
    gone.removeFirst(taken)
  }

  private mutating func count(_ label: String, _ entry: Entry, _ sign: Int) {
    let size = sign * FinishedLine.bytes(label, entry).count
    guard entry.mark != nil else {
      goneBytes += size
      return
    }
    bytes += size
    folders[entry.folder, default: Share()].bytes += size
    if entry.isDone { doneCount += sign }
  }
}

// MARK: On the disk

extension FinishedList {
  /// No line that was written whole is longer: a path has 4096 bytes at most.
  private static let longestLine = 1 << 16

  private var path: String { "\(folder)/finished" }

  private mutating func load() throws(Errno) {
    let file = try Descriptor.open(path, O_RDONLY)
    var rest: [UInt8] = []
    while true {
      let piece = try file.readSome(1 << 20)
      if piece.isEmpty { break }
      rest += piece
      var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let last = lines.removeLast()
      for line in lines { take(line) }
      // A torn last line is a file that is read again. Longer than any line is nothing of ours.
      rest = last.count > Self.longestLine ? [] : Array(last)
    }
  }

  private mutating func take(_ line: ArraySlice<UInt8>) {
    guard let (label, entry) = FinishedLine.read(line) else { return }
    if entry.mark != nil {
      _ = insert(label, entry)
    } else if label.isEmpty {
      floor = max(floor, entry.next)
    } else {
      remember(label, next: entry.next)
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
    var known: Set<String> = []
    gone = gone.reversed().filter { entries[$0]?.mark == nil && entries[$0] != nil && known.insert($0).inserted }
    gone.reverse()
    var text = floor > 0 ? FinishedLine.bytes("", Entry(path: "", mark: nil, first: 0, next: floor)) : []
    for label in gone { if let entry = entries[label] { text += FinishedLine.bytes(label, entry) } }
    for (label, entry) in all { text += FinishedLine.bytes(label, entry) }
    try replace(with: text)
    (base, growth) = (text.count, 0)
    isSuspect = false
  }

  private func replace(with text: [UInt8]) throws(Errno) {
    let draft = path + ".draft"
    do {
      try Self.write(text, to: try Descriptor.open(draft, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600))
      try Folder.rename(draft, to: path)
    } catch {
      try? Folder.remove(draft)  // else the next draft empties it
      throw error
    }
    try Folder.sync(folder)
  }

  private static func write(_ bytes: [UInt8], to file: borrowing Descriptor) throws(Errno) {
    var written = 0
    while written < bytes.count { written += try file.write(bytes, from: written) }
    try file.syncData()
  }
}
