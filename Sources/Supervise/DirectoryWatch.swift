import Glibc
import Media
package import System

/// A directory whose files are taken when they are complete: closed after writing, or moved in. What lies there
/// already is taken at once; directories below, names with a dot in front and those of unfinished downloads are left
/// alone.
package struct DirectoryWatch: ~Copyable {
  private let path: String
  private let descriptor: Descriptor
  /// How programs name what they will give its own name when it is whole: they may close it before.
  private static let unfinished = [".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp"]

  /// Found and not yet given, in the order of their bytes.
  private var found: [String]

  /// - Throws: what the system says about the directory.
  package static func open(_ path: String) throws(Errno) -> DirectoryWatch {
    let descriptor = Descriptor(owning: try Errno.check { inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC)) })
    let events = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR | IN_MOVE_SELF)
    _ = try Errno.check { unsafe inotify_add_watch(descriptor.number, PathText.cString(path), events) }
    // Looked at after the watch has begun: what comes between is seen twice, not never.
    return DirectoryWatch(path: path, descriptor: descriptor, found: try files(in: path))
  }

  /// Files that are complete and have not been given, waiting so long for one.
  /// - Throws: `ENOENT` where the directory is gone.
  package mutating func next(milliseconds: Int32) throws(Errno) -> [String] {
    if found.isEmpty {
      var interest = [pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)]
      if try poll(&interest, milliseconds: milliseconds) > 0 { try read() }
    }
    defer { found = [] }
    return found.map { "\(path)/\($0)" }
  }

  private mutating func read() throws(Errno) {
    let bytes = try descriptor.readSome(1 << 16)
    var position = 0
    let head = MemoryLayout<inotify_event>.size
    while position + head <= bytes.count {
      let (mask, length) = (bytes.word(at: position + 4), Int(bytes.word(at: position + 12)))
      let name = bytes[position + head..<min(bytes.count, position + head + length)].prefix { $0 != 0 }
      position += head + length
      if mask & UInt32(IN_Q_OVERFLOW) != 0 { found = try Self.files(in: path) }
      if mask & UInt32(IN_IGNORED | IN_MOVE_SELF) != 0 { throw Errno(code: ENOENT) }
      let text = PathText.name(name)
      if mask & UInt32(IN_ISDIR) == 0, Self.isWanted(text), !found.contains(text) { found.append(text) }
    }
  }

  private static func isWanted(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !unfinished.contains { name.hasSuffix($0) }
  }

  private static func files(in path: String) throws(Errno) -> [String] {
    let files = try Folder.names(path).filter { isWanted($0) && isFile("\(path)/\($0)") }
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

private func isFile(_ path: String) -> Bool {
  var status = stat()
  return unsafe stat(PathText.cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

extension [UInt8] {
  fileprivate func word(at index: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[index + $1]) << UInt32(8 * $1) }
  }
}
