import Glibc
import System

/// A folder of this machine.
struct SystemDisk: Disk {
  private let folder: String

  /// Makes the folder where it is missing; the one above it must be there.
  init(_ folder: String) throws(Errno) {
    self.folder = folder
    _ = try Folder.make(folder, mode: 0o750)
    // Also where it is there: whoever made it may have been killed before its name was on the disk.
    try Folder.sync(folder + "/..")
  }

  func open(_ name: String, _ mode: DiskMode) throws(Errno) -> any DiskFile {
    let flags =
      switch mode {
      case .read: O_RDONLY
      case .readWrite: O_RDWR
      case .create: O_RDWR | O_CREAT | O_TRUNC
      }
    return SystemFile(try Descriptor.open(path(name), flags | O_NOFOLLOW, mode: 0o640))
  }

  func rename(_ name: String, to other: String) throws(Errno) { try Folder.rename(path(name), to: path(other)) }

  func remove(_ name: String) throws(Errno) { try Folder.remove(path(name)) }

  func names() throws(Errno) -> [String] { try Folder.names(folder) }

  func syncNames() throws(Errno) { try Folder.sync(folder) }

  func room() throws(Errno) -> DiskRoom {
    let room = try Folder.room(folder)
    return DiskRoom(free: room.free, whole: room.whole)
  }

  /// By a lock that the system takes back when the process ends, however it ends.
  func claim(_ name: String) throws(Errno) -> DiskClaim {
    let file = SystemFile(try Descriptor.open(path(name), O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o640))
    do { try file.lock() } catch {
      guard error.code == EWOULDBLOCK else { throw error }
      return .taken(holder: try HolderNumber.read(from: file).map { "process \($0)" } ?? "another process")
    }
    try HolderNumber.write(getpid(), to: file)
    return .held(file)
  }

  private func path(_ name: String) -> String { folder + "/" + name }
}

/// Whose the store is, as a file says it to people.
enum HolderNumber {
  private static let width = 20

  /// Over the number that was there, which takes no room. On a full disk it is left out: the lock holds without it.
  static func write(_ number: Int32, to file: any DiskFile) throws(Errno) {
    let digits = Array(String(number).utf8)
    let spaces = [UInt8](repeating: UInt8(ascii: " "), count: width - digits.count)
    do {
      try file.writeAll(digits + spaces, at: 0)
      try file.truncate(to: digits.count)
    } catch { if !error.isForRoom { throw error } }
  }

  /// Nil where there is none.
  static func read(from file: any DiskFile) throws(Errno) -> String? {
    let digits = try file.read(at: 0, count: width).prefix { $0 != UInt8(ascii: " ") }
    return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
  }
}

private final class SystemFile: DiskFile {
  private let descriptor: Descriptor

  init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] { try descriptor.read(at: offset, count: count) }

  func write(_ bytes: [UInt8], from start: Int, at offset: Int) throws(Errno) -> Int {
    try descriptor.write(bytes, from: start, at: offset)
  }

  func truncate(to length: Int) throws(Errno) { try descriptor.truncate(to: length) }

  func keepRoom(to length: Int) throws(Errno) { try descriptor.keepRoom(to: length) }

  func syncData() throws(Errno) { try descriptor.syncData() }

  func size() -> Int { descriptor.size }

  func lock() throws(Errno) { _ = try Errno.check { flock(descriptor.number, LOCK_EX | LOCK_NB) } }
}
