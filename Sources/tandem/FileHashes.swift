import Digest
import Glibc
import Media

/// SHA-256 of files that are too large to be read at every start: remembered by the file's identity.
enum FileHashes {
  /// Of all files of a checkpoint that decide its numbers, by name.
  /// - Throws: `Failure` 78.
  static func ofFolder(_ folder: String) throws -> String {
    do throws(FileProblem) {
      let names = try decisive(folder)
      var lines: [String] = []
      for name in names { lines.append("\(name) \(try remembered("\(folder)/\(name)"))") }
      return SHA256.hex(Array(lines.joined(separator: "\n").utf8))
    } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }

  /// - Throws: `Failure` 78.
  static func ofFile(_ path: String) throws -> String {
    do throws(FileProblem) { return try remembered(path) } catch { throw Failure(message: "\(error)", exitCode: 78) }
  }

  /// Configurations and weights, those of parts in folders of their own (`1_Pooling/config.json`) among them.
  private static func decisive(_ folder: String) throws(FileProblem) -> [String] {
    var names: [String] = []
    for entry in try entries(of: folder) {
      if entry.hasSuffix(".json") || entry.hasSuffix(".safetensors") { names.append(entry) }
      guard isDirectory("\(folder)/\(entry)") else { continue }
      names += try entries(of: "\(folder)/\(entry)").filter { $0.hasSuffix(".json") }.map { "\(entry)/\($0)" }
    }
    return names
  }

  /// Read again only when the file's place, size or time has changed.
  private static func remembered(_ path: String) throws(FileProblem) -> String {
    guard let identity = identity(path) else { throw .last(path) }
    let memory = memoryFolder.map { "\($0)/\(identity)" }
    if let memory, let known = try? contents(of: memory, limit: 64), known.count == 64 { return known }
    guard let fresh = SHA256.hex(file: PathText.cString(path)) else { throw .last(path) }
    if let memory { remember(fresh, memory) }
    return fresh
  }

  private static func identity(_ path: String) -> String? {
    var status = stat()
    guard unsafe stat(PathText.cString(path), &status) == 0 else { return nil }
    let time = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)-\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
    return "\(status.st_dev)-\(status.st_ino)-\(status.st_size)-\(time)"
  }

  private static var memoryFolder: String? {
    (environment("XDG_CACHE_HOME") ?? environment("HOME").map { "\($0)/.cache" }).map { "\($0)/tandem/sha256" }
  }

  /// Complete or not at all; where the cache cannot be written, the file is read again next time.
  private static func remember(_ hash: String, _ path: String) {
    let folder = String(path[..<path.lastIndex(of: "/")!])
    var part = ""
    for component in folder.split(separator: "/") {
      part += "/\(component)"
      unsafe mkdir(part, 0o700)
    }
    let temporary = "\(path).\(getpid())"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let count = unsafe Array(hash.utf8).withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    _ = unsafe count == 64 ? rename(temporary, path) : unlink(temporary)
  }
}
