import Glibc

@testable import Config

/// As the program has it.
let words = Vocabulary(
  fusions: ["mean", "concat"], products: ["auto", "openblas", "onednn"], precisions: ["f32", "bf16"],
  choosesTracks: { text in
    text.split(separator: ",").allSatisfy { $0.hasPrefix("audio") || $0.hasPrefix("video") || $0 == "text" }
  }
)

func config(
  _ text: String?, environment: [String: String] = [:], flags: [String] = []
) throws(ConfigError) -> DaemonConfig {
  try DaemonConfig(ConfigInput(file: "t.yaml", text: text, environment: environment, flags: flags), words)
}

/// What is said of a wrong configuration, a line each; none for a good one.
func complaints(
  _ text: String?, environment: [String: String] = [:], flags: [String] = []
) -> [String] {
  do throws(ConfigError) {
    _ = try config(text, environment: environment, flags: flags)
    return []
  } catch { return error.problems.map(\.description) }
}

/// A file of the repository.
func repositoryFile(_ path: String) -> String {
  let here = unsafe realpath(#filePath, nil)
  defer { unsafe free(here) }
  let root = unsafe String(cString: here!).split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
  let descriptor = unsafe open("\(root)/\(path)", O_RDONLY)
  defer { close(descriptor) }
  var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
  while true {
    let count = unsafe read(descriptor, &chunk, chunk.count)
    guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
    bytes += chunk[..<count]
  }
}

extension String {
  var lines: [Substring] { split(separator: "\n", omittingEmptySubsequences: false) }
}
