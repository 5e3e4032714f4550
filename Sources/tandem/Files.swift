import Glibc
import Media
import System

// What the commands ask of the file system, with every byte of a name kept (`PathText`).

func isDirectory(_ path: String) -> Bool { fileKind(path) == S_IFDIR }

func isFile(_ path: String) -> Bool { fileKind(path) == S_IFREG }

func isLink(_ path: String) -> Bool {
  var status = stat()
  return unsafe lstat(PathText.cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
}

/// As `S_IFMT` tells it; nil where nothing is to be found.
func fileKind(_ path: String) -> mode_t? {
  var status = stat()
  return unsafe stat(PathText.cString(path), &status) == 0 ? status.st_mode & S_IFMT : nil
}

/// What stands in a directory, in byte order.
/// - Throws: `FileProblem`.
func entries(of directory: String) throws(FileProblem) -> [String] {
  guard let handle = unsafe opendir(PathText.cString(directory)) else { throw .last(directory) }
  defer { unsafe closedir(handle) }
  var names: [String] = []
  while let entry = unsafe readdir(handle) {
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe PathText.name($0.prefix { $0 != 0 }) }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// The text of a small file.
/// - Throws: `FileProblem`, also for one longer than `limit` bytes.
func contents(of path: String, limit: Int) throws(FileProblem) -> String {
  do throws(Errno) {
    return String(decoding: try SmallFile.read(path, limit: limit, waits: true), as: UTF8.self)
  } catch {
    guard error.code == EFBIG else { throw FileProblem(path: path, reason: "\(error)") }
    throw FileProblem(path: path, reason: "is longer than \(limit) bytes", isTooLong: true)
  }
}

/// What a file refused, in one line.
struct FileProblem: Error, CustomStringConvertible {
  let path: String
  let reason: String
  var isTooLong = false

  /// By the error number of the call that just failed.
  static func last(_ path: String) -> FileProblem {
    unsafe FileProblem(path: path, reason: String(cString: strerror(errno)))
  }

  var description: String { "\(shown(path)): \(reason)" }
}

/// All variables of the environment that are UTF-8.
func environmentVariables() -> [String: String] {
  var variables: [String: String] = [:]
  var next = unsafe environ
  while let entry = unsafe next.pointee {
    if let text = unsafe String(validatingCString: entry), let equals = text.firstIndex(of: "=") {
      variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    unsafe next += 1
  }
  return variables
}

func environment(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
