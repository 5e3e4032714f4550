import Glibc
import Media
import System

/// What is asked of the file system, with every byte of a name kept.
enum Disk {
  static func exists(_ path: String) -> Bool { unsafe access(PathText.cString(path), F_OK) == 0 }

  /// Bytes of a regular file; nil where there is none.
  static func size(_ path: String) -> Int? {
    var status = stat()
    guard unsafe stat(PathText.cString(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// With all folders above it.
  static func makeFolder(_ path: String) throws(HubError) {
    var part = path.hasPrefix("/") ? "/" : ""
    // By bytes, as the system does: a slash and an accent after it are one character.
    for component in path.utf8.split(separator: UInt8(ascii: "/")) {
      part += String(Substring(component))
      guard unsafe mkdir(PathText.cString(part), 0o777) == 0 || errno == EEXIST || exists(part) else {
        throw .cannotCreate(words("create", part))
      }
      part += "/"
    }
  }

  /// Whether files can be made in a folder, which itself is made where it is missing.
  static func isWritable(_ folder: String) -> Bool {
    do { try makeFolder(folder) } catch { return false }
    return unsafe access(PathText.cString(folder), W_OK | X_OK) == 0
  }

  static func remove(_ path: String) { unsafe unlink(PathText.cString(path)) }

  /// A file, or a folder with all in it; links are not followed. What cannot be removed stays.
  static func removeAll(_ path: String) {
    for name in isLink(path) ? [] : entries(of: path) { removeAll("\(path)/\(name)") }
    unsafe Glibc.remove(PathText.cString(path))
  }

  /// Bytes of all files in these folders.
  static func sizeOfAll(_ paths: [String]) -> Int {
    paths.reduce(0) { sum, path in
      sum + (size(path) ?? sizeOfAll(entries(of: path).map { "\(path)/\($0)" }))
    }
  }

  /// Of a folder; none where it cannot be read.
  static func entries(of path: String) -> [String] {
    guard let folder = unsafe opendir(PathText.cString(path)) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe PathText.name($0.prefix { $0 != 0 }) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(PathText.cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether a path still leads to an open file.
  static func isSame(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, held) = (stat(), stat())
    guard unsafe stat(PathText.cString(path), &named) == 0, unsafe fstat(descriptor, &held) == 0 else { return false }
    return named.st_ino == held.st_ino && named.st_dev == held.st_dev
  }

  static func rename(_ path: String, to other: String) throws(HubError) {
    guard unsafe Glibc.rename(PathText.cString(path), PathText.cString(other)) == 0 else {
      throw .inputOutput(words("rename", path))
    }
  }

  /// Gives two folders each other's names, at once; false where the file system cannot.
  static func exchange(_ path: String, with other: String) throws(HubError) -> Bool {
    do throws(Errno) { try System.exchange(path, with: other) } catch {
      if error.code == EINVAL || error.code == ENOSYS { return false }
      throw .inputOutput("rename \(PathText.written(path)): \(error)")
    }
    return true
  }

  /// A whole file, there at once or not at all.
  static func write(_ text: String, to path: String) throws(HubError) {
    let draft = path + ".draft"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    let descriptor = unsafe open(PathText.cString(draft), flags, 0o666)
    guard descriptor >= 0 else { throw .cannotCreate(words("create", draft)) }
    let bytes = Array(text.utf8)
    let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    let isKept = count == bytes.count && fsync(descriptor) == 0
    let complaint = words("write", draft)
    close(descriptor)
    guard isKept else { throw .inputOutput(complaint) }
    try rename(draft, to: path)
  }

  /// The text of a small file; nil where it cannot be read.
  static func read(_ path: String) -> String? {
    let descriptor = unsafe open(PathText.cString(path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
    return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }

  /// Waits until a file is on the disk.
  static func settle(_ path: String) throws(HubError) {
    let descriptor = unsafe open(PathText.cString(path), O_RDONLY | O_CLOEXEC)
    let isSettled = descriptor >= 0 && fsync(descriptor) == 0
    let complaint = words("write", path)
    close(descriptor)
    guard isSettled else { throw .inputOutput(complaint) }
  }

  /// Bytes that may still be written below a folder; nil where the system does not say.
  static func room(in folder: String) -> Int? {
    var status = statvfs()
    guard unsafe statvfs(PathText.cString(folder), &status) == 0 else { return nil }
    return Int(clamping: status.f_bavail.multipliedReportingOverflow(by: status.f_frsize).partialValue)
  }

  /// By the error number of the call that just failed.
  static func words(_ verb: String, _ path: String) -> String {
    unsafe "\(verb) \(PathText.written(path)): \(String(cString: strerror(errno)))"
  }
}
