import Glibc

/// The files of this repository, found from this file's own place.
enum Tree {
  static let root: String = {
    let here = unsafe realpath(#filePath, nil)
    defer { unsafe free(here) }
    let path = unsafe here.map { unsafe String(cString: $0) } ?? #filePath
    return path.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
  }()

  /// Paths from the root of all files that belong to the repository, ascending; built and fetched things left out.
  static let files: [String] = list("").sorted()

  /// The text of a file; nil when it is not there or no UTF-8.
  static func text(_ path: String) -> String? {
    let descriptor = unsafe open(root + "/" + path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(validating: bytes, as: UTF8.self)
  }

  static func exists(_ path: String) -> Bool { unsafe access(root + "/" + path, F_OK) == 0 }

  /// Source files of a target by path.
  static func sources(of target: String, ending: String = ".swift") -> [String] {
    files.filter { $0.hasPrefix("Sources/\(target)/") && $0.hasSuffix(ending) }
  }

  /// The folders in Sources: one for each target.
  static let targets: [String] = {
    let parts = files.map { $0.split(separator: "/") }.filter { $0.count > 2 && $0[0] == "Sources" }
    return Set(parts.map { String($0[1]) }).sorted()
  }()

  private static func list(_ folder: String) -> [String] {
    guard let directory = unsafe opendir(root + "/" + folder) else { return [] }
    defer { _ = unsafe closedir(directory) }
    var found: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      guard !isLeftOut(name) else { continue }
      let path = folder.isEmpty ? name : folder + "/" + name
      found += unsafe entry.pointee.d_type == UInt8(DT_DIR) ? list(path) : [path]
    }
    return found
  }

  /// As .gitignore has it: media/fixtures are made by their recipes.
  private static func isLeftOut(_ name: String) -> Bool {
    (name.hasPrefix(".") && name != ".ci" && name != ".github")
      || ["__pycache__", "fixtures", "Package.resolved"].contains(name)
  }
}

extension String {
  var lines: [Substring] { split(separator: "\n", omittingEmptySubsequences: false) }

  /// The modules that its import lines name.
  var imports: Set<String> {
    Set(
      lines.compactMap { line in
        let words = line.split(separator: " ")
        guard let at = words.firstIndex(of: "import"), at <= 2, words.count > at + 1 else { return nil }
        guard words[..<at].allSatisfy({ Self.importModifiers.contains(String($0)) }) else { return nil }
        return String(words[at + 1].prefix { $0 != "." })
      })
  }

  private static let importModifiers = ["package", "public", "internal", "private", "@testable"]
}
