import Testing

@testable import Tokenize

@Suite struct JSONTests {
  @Test(arguments: [
    ("", "t.json: not JSON at byte 0: ends too early"),
    ("{", "t.json: not JSON at byte 1: no quote"),
    (#"{"a" 1}"#, "t.json: not JSON at byte 5: no colon behind a key"),
    (#"{"a":1}x"#, "t.json: not JSON at byte 7: text behind the end"),
    ("[1,]", "t.json: not JSON at byte 3: no value"),
    ("[1 2]", "t.json: not JSON at byte 3: no comma or bracket"),
    ("[truth]", "t.json: not JSON at byte 1: no value"),
    ("[1.2.3]", "t.json: not JSON at byte 6: no number"),
    (#"["\x"]"#, "t.json: not JSON at byte 4: an unknown escape"),
    (#"["\ud800"]"#, "t.json: not JSON at byte 8: half a surrogate pair"),
    (#"["\ud800\u0041"]"#, "t.json: not JSON at byte 14: half a surrogate pair"),
    (#"["\u00g0"]"#, "t.json: not JSON at byte 6: no four hexadecimal digits"),
    (#"["abc"#, "t.json: not JSON at byte 5: a text without end"),
    ("[\"\u{1}\"]", "t.json: not JSON at byte 3: a control character in a text"),
  ])
  func `what is not JSON is refused with its place`(text: String, error: String) { #expect(failure(text) == error) }

  @Test func `bytes that are not UTF-8 are refused`() {
    #expect(throws: TokenizerError.malformed(file: "t", offset: 0, why: "not UTF-8")) {
      try JSONDocument(file: "t", bytes: [0x22, 0xFF, 0x22])
    }
  }

  @Test(arguments: ["[", #"{"a":"#])
  func `deep nesting is refused`(opening: String) {
    #expect(failure(String(repeating: opening, count: 1_000_000))?.hasSuffix("nested deeper than 64") == true)
  }

  @Test func `escapes are decoded`() throws {
    let text = try Goldens.json(Array(#""\u0041\n\t\"\\\/\u00e9\ud83d\ude00é""#.utf8)).string()
    #expect(text == "A\n\t\"\\/é😀é")
  }
}
