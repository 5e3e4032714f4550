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
      return .taken(holder: "process " + String(decoding: try file.read(at: 0, count: 20), as: UTF8.self))
    }
    try file.truncate(to: 0)
    try file.writeAll(Array(String(getpid()).utf8), at: 0)
    return .held(file)
  }

  private func path(_ name: String) -> String { folder + "/" + name }
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
