package import Glibc
import Media

/// What is asked of a folder's names: each call once, with the error it gave.
package enum Folder {
  /// Makes a folder where there is none; true where it was missing.
  package static func make(_ path: String, mode: mode_t = 0o777) throws(Errno) -> Bool {
    do {
      _ = try Errno.check { unsafe mkdir(PathText.cString(path), mode) }
      return true
    } catch {
      guard error.code == EEXIST else { throw error }
      return false
    }
  }

  package static func rename(_ path: String, to other: String) throws(Errno) {
    _ = try Errno.check { unsafe Glibc.rename(PathText.cString(path), PathText.cString(other)) }
  }

  package static func remove(_ path: String) throws(Errno) {
    _ = try Errno.check { unsafe unlink(PathText.cString(path)) }
  }

  /// Waits until the names in a folder are on the disk.
  package static func sync(_ path: String) throws(Errno) {
    let descriptor = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    _ = try Errno.check { fsync(descriptor.number) }
  }

  /// Without `.` and `..`, in no order.
  package static func names(_ path: String) throws(Errno) -> [String] {
    guard let folder = unsafe opendir(PathText.cString(path)) else { throw Errno(code: errno) }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(folder) else {
        guard errno == 0 else { throw Errno(code: errno) }
        return names
      }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe PathText.name($0.prefix { $0 != 0 }) }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Bytes that may still be written below a folder, and of its whole file system.
  package static func room(_ path: String) throws(Errno) -> (free: Int, whole: Int) {
    var status = statvfs()
    _ = try Errno.check { unsafe statvfs(PathText.cString(path), &status) }
    let (unit, free, whole) = (status.f_frsize, status.f_bavail, status.f_blocks)
    func bytes(_ blocks: fsblkcnt_t) -> Int {
      let (bytes, isMore) = blocks.multipliedReportingOverflow(by: fsblkcnt_t(unit))
      return isMore ? .max : Int(clamping: bytes)
    }
    return (bytes(free), bytes(whole))
  }
}
