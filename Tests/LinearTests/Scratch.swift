import Glibc

@testable import Linear

/// A directory of one test's own, gone with it.
final class Scratch {
  let path: String
  private var files: [String] = []

  init() {
    var template = Array("/tmp/linear-tests-XXXXXX".utf8CString)
    path = unsafe mkdtemp(&template).map { unsafe String(cString: $0) } ?? "/tmp"
  }

  deinit {
    for file in files { _ = unsafe unlink(file) }
    _ = unsafe rmdir(path)
  }

  /// Writes a file and names it.
  func file(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    files.append(file)
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    _ = unsafe write(descriptor, bytes, bytes.count)
    _ = close(descriptor)
    return file
  }

  func file(_ name: String, _ text: String) -> String { file(name, Array(text.utf8)) }

  /// A safetensors file of this header and so many zero bytes.
  func checkpoint(_ header: String, data: Int, name: String = "model.safetensors") -> String {
    file(name, Self.length(UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 0, count: data))
  }

  static func length(_ count: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }
}

/// The one line that `body` fails with.
func failure(_ body: () throws(LinearError) -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return error.description
  }
}
