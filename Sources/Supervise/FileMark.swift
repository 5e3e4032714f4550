import Glibc
import Media
import System

/// What tells a file from another one at the same path, or from itself when it has changed.
struct FileMark: Hashable {
  private let inode: UInt64
  private let size: Int64
  /// When it was last written to, in nanoseconds since 1970.
  private let changed: Int64
  /// Where it lay. Devices are numbered anew from start to start, so that this is not compared.
  private let device: UInt64

  init?(text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 4, let device = UInt64(parts[0]), let inode = UInt64(parts[1]), let size = Int64(parts[2]),
      let changed = Int64(parts[3])
    else { return nil }
    (self.device, self.inode, self.size, self.changed) = (device, inode, size, changed)
  }

  init?(of path: String) {
    guard let status = try? status(path) else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    (device, inode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), Int64(status.st_size))
    changed = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
  }

  var text: String { "\(device):\(inode):\(size):\(changed)" }

  static func == (one: FileMark, other: FileMark) -> Bool {
    (one.inode, one.size, one.changed) == (other.inode, other.size, other.changed)
  }

  func hash(into hasher: inout Hasher) { hasher.combine(inode) }

  /// One file, whatever has been written to it since.
  func isSameFile(as other: FileMark) -> Bool { (inode, device) == (other.inode, other.device) }

  /// False where there is another file at its path, or none while its folder is there. Where its disk is not mounted
  /// or does not answer, it may come again as it was.
  func mayComeAgain(at path: String) -> Bool {
    do throws(Errno) {
      return FileMark(try status(path)) == self
    } catch {
      guard error.code == ENOENT else { return true }
      let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
      guard let status = try? status(folder.isEmpty ? "/" : folder) else { return true }
      return UInt64(status.st_dev) != device
    }
  }
}

private func status(_ path: String) throws(Errno) -> stat {
  var status = stat()
  _ = try Errno.check { unsafe stat(PathText.cString(path), &status) }
  return status
}
