import Glibc
import Media

// What the commands ask of the file system, with every byte of a name kept (`PathText`).

func isDirectory(_ path: String) -> Bool { kind(path) == S_IFDIR }

func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

func isLink(_ path: String) -> Bool {
  var status = stat()
  return unsafe lstat(PathText.cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
}

private func kind(_ path: String) -> mode_t? {
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
  let descriptor = unsafe open(PathText.cString(path), O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .last(path) }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: limit + 1)
  var count = 0
  while count <= limit {
    let got = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe read(descriptor, buffer.baseAddress! + count, buffer.count - count)
    }
    if got < 0, errno == EINTR { continue }
    guard got >= 0 else { throw .last(path) }
    if got == 0 { return String(decoding: bytes[..<count], as: UTF8.self) }
    count += got
  }
  throw FileProblem(path: path, reason: "is longer than \(limit) bytes", isTooLong: true)
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
