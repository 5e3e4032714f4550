import Glibc
import Testing

@testable import Tokenize

/// The folder that `Tests/Parity/tokenizer_parity.py` has filled, if it runs this.
private let folder = unsafe getenv("TANDEM_TOKENIZER_CASES").map { unsafe String(cString: $0) }

@Suite(.enabled(if: folder != nil)) struct ParityTests {
  @Test func `real vocabularies and all scalars give the ids of the reference`() throws {
    let folder = try #require(folder)
    let names = try names(in: folder)
    #expect(!names.isEmpty)
    for name in names { try compare(folder + "/" + name, name) }
  }

  private func compare(_ path: String, _ name: String) throws {
    let clock = ContinuousClock()
    var tokenizer: Tokenizer?
    let loading = try clock.measure { tokenizer = try Tokenizer(contentsOf: path + ".json") }
    let cases = try Goldens.cases(path + ".cases.jsonl")
    var differences: [String] = []
    let encoding = try clock.measure { differences = Goldens.differences(try #require(tokenizer), cases) }
    let tokens = cases.reduce(0) { $0 + $1.ids.count }
    let rate = Double(tokens) / (encoding / .seconds(1))
    print("\(name): \(cases.count) texts, \(differences.count) differ; read in \(loading), \(Int(rate)) tokens/s")
    for difference in differences.prefix(5) { print("  \(difference)") }
    #expect(differences.isEmpty, "\(name)")
  }

  private func names(in folder: String) throws -> [String] {
    let directory = try unsafe #require(opendir(folder))
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { name in
        unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".json") { names.append(String(name.dropLast(5))) }
    }
    return names.sorted()
  }
}
