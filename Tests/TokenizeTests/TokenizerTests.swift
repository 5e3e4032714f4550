import Glibc
import Testing

@testable import Tokenize

@Suite struct TokenizerTests {
  private let bert: Tokenizer
  private let roberta: Tokenizer

  init() throws {
    bert = try Tokenizer(contentsOf: Goldens.folder + "/bert.json")
    roberta = try Tokenizer(contentsOf: Goldens.folder + "/roberta.json")
  }

  @Test func `an empty text is its special tokens`() {
    #expect(bert.encode("") == [2, 3])
    #expect(roberta.encode("") == [0, 2])
  }

  @Test(arguments: 2...8)
  func `a limit cuts the text and keeps the special tokens`(limit: Int) {
    let text = "the cat sat on the mat playing guitar"
    let ids = bert.encode(text, limit: limit)
    #expect(ids.count == limit && ids.first == 2 && ids.last == 3)
    #expect(ids.dropLast() == bert.encode(text).prefix(limit - 1))
  }

  @Test(arguments: [1, 0, -1, .min])
  func `a limit below the special tokens is never passed`(limit: Int) {
    #expect(bert.encode("cat", limit: limit) == Array([2].prefix(max(0, limit))))
  }

  @Test func `padding fills the side it is told to`() {
    let ids = bert.encode("cat")
    let filling = [Int32](repeating: 0, count: 64 - ids.count)
    #expect(bert.encode("cat", paddedTo: 64, with: Padding(id: 0)) == ids + filling)
    #expect(bert.encode("cat", paddedTo: 64, with: Padding(id: 0, side: .left)) == filling + ids)
    #expect(bert.encode("the cat sat", paddedTo: 3, with: Padding(id: 0)).count == 3)
  }

  @Test func `tokens are found by their text, added ones too`() throws {
    #expect(bert.id(of: "[PAD]") == 0)
    #expect(roberta.id(of: "extra") == roberta.encode("extra")[1])
    #expect(roberta.id(of: "no such token") == nil)
    let file =
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":{"type":"Lowercase"},"#
      + #""added_tokens":[{"id":1,"content":"NEW","normalized":true}]}"#
    let lower = try Tokenizer(Goldens.json(Array(file.utf8)))
    #expect(lower.id(of: "NEW") == 1 && lower.id(of: "new") == nil)
    #expect(lower.encode("a NeW") == [0, 1])
  }

  @Test func `canonically equivalent texts are different tokens`() throws {
    let vocabulary = #"{"model":{"type":"BPE","vocab":{"é":0,"e\u0301":1,"e":2,"\u0301":3},"merges":[["e","\u0301"]]}}"#
    let pair = try Tokenizer(Goldens.json(Array(vocabulary.utf8)))
    #expect(pair.encode("\u{E9}e\u{301}") == [0, 1])
  }

  @Test func `preparations do what the models' own code does`() throws {
    func shown(_ text: String, _ preparation: TextPreparation) -> String {
      let piece = preparation.normalizers.normalize(Piece(Array(text.utf8)[...], begins: true))
      return String(decoding: piece.text, as: UTF8.self)
    }
    #expect(shown(" A Cat's \n 猫! ", .none) == " A Cat's \n 猫! ")
    #expect(shown(" A Cat's \n 猫! ", .lowercased) == " a cat's \n 猫! ")
    #expect(shown(" A Cat's \n 猫! ", .canonical) == "a cats 猫")
  }

  @Test(
    arguments: ["clip", "roberta", "bert", "unigram", "gemma"],
    ["a", "ab ", " ", "\n", "猫", "👍🏽", "\u{301}\u{323}", "\u{F73}", "!?", "<s>", "don't "])
  func `a line of 100 kB takes no second`(family: String, unit: String) throws {
    let tokenizer = try Tokenizer(contentsOf: Goldens.folder + "/\(family).json")
    let units = repeatElement(Array(unit.utf8), count: 100_000 / unit.utf8.count)
    let text = String(decoding: Array(units.joined()), as: UTF8.self)
    let start = secondsOfThread()
    #expect(!tokenizer.encode(text).isEmpty)
    #expect(secondsOfThread() - start < 1)
  }
}

/// The processor's time, which other tests do not lengthen.
private func secondsOfThread() -> Double {
  var time = timespec()
  _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
