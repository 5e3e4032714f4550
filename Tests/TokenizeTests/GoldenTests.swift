import Testing

@testable import Tokenize

@Suite struct GoldenTests {
  @Test(arguments: ["clip", "roberta", "bert", "unigram", "gemma"])
  func `a family gives the ids of the reference`(_ family: String) throws {
    let path = Goldens.folder + "/" + family
    let cases = try Goldens.cases(path + ".cases.jsonl")
    #expect(cases.count > 100)
    #expect(Goldens.differences(try Tokenizer(contentsOf: path + ".json"), cases) == [])
  }

  @Test func `every part by itself does what the reference does`() throws {
    let lines = try Goldens.lines(Goldens.folder + "/probes.tsv")
    let model = try #require(lines.first)
    for line in lines.dropFirst() {
      let columns = line.split(separator: UInt8(ascii: "\t"))
      let file = Array(#"{"model":"#.utf8) + model + Array(",".utf8) + columns[1].dropFirst()
      let cases = try Goldens.json(Array(columns[2])).elements().map { try Goldens.Case($0) }
      let differences = Goldens.differences(try Tokenizer(Goldens.json(file)), cases)
      #expect(differences == [], "\(String(decoding: columns[0], as: UTF8.self))")
    }
    #expect(lines.count > 30)
  }
}
