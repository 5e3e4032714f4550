import Testing

@testable import Tokenize

/// The error that a file of this text gives.
func failure(_ text: String) -> String? {
  do {
    _ = try Tokenizer(JSONDocument(file: "t.json", bytes: Array(text.utf8)).root)
    return nil
  } catch {
    return error.description
  }
}

private func model(_ members: String) -> String { #"{"model":{"type":"BPE","# + members + "}}" }

private func part(_ name: String, _ value: String) -> String {
  #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"\#(name)":\#(value)}"#
}

@Suite struct HostileFileTests {
  @Test(arguments: [
    ("[]", "t.json: the file: not an object"),
    ("{}", "t.json: the file: has no \"model\""),
    (#"{"model":{}}"#, "t.json: model: has no \"type\""),
    (#"{"model":{"type":"WordLevel"}}"#, "t.json: model: unsupported model \"WordLevel\""),
    (model(#""merges":[]"#), "t.json: model: has no \"vocab\""),
    (model(#""vocab":[]"#), "t.json: model.vocab: not an object"),
    (model(#""vocab":{"a":-1}"#), "t.json: model.vocab.a: not a whole number between 0 and 16777215"),
    (model(#""vocab":{"a":1099511627776}"#), "t.json: model.vocab.a: not a whole number between 0 and 16777215"),
    (model(#""vocab":{"a":1.5}"#), "t.json: model.vocab.a: not a whole number between 0 and 16777215"),
    (model(#""vocab":{"a":"1"}"#), "t.json: model.vocab.a: not a whole number between 0 and 16777215"),
    (model(#""vocab":{"a":0,"B":0}"#), "t.json: model.vocab[\"B\"]: id 0 belongs to another token too"),
    (model(#""vocab":{"a":0,"a":1}"#), "t.json: model.vocab: holds a token twice"),
    (model(#""vocab":{"a":0}"#), "t.json: model: has no \"merges\""),
    (model(#""vocab":{"a":0},"merges":["a b"]"#), "t.json: model.merges[0]: names \"b\", which is no token"),
    (model(#""vocab":{"a":0},"merges":[["a","a"]]"#), "t.json: model.merges[0]: names \"aa\", which is no token"),
    (model(#""vocab":{"a":0},"merges":[["a"]]"#), "t.json: model.merges[0]: not a pair"),
    (model(#""vocab":{"a":0},"merges":["a b c"]"#), "t.json: model.merges[0]: not a pair"),
    (model(#""vocab":{"a":0},"merges":[7]"#), "t.json: model.merges[0]: not a text"),
    (model(#""vocab":{"a":0},"merges":[],"unk_token":"b""#), "t.json: model.unk_token: \"b\" is no token"),
    (model(#""vocab":{"a":0},"merges":[],"byte_fallback":1"#), "t.json: model.byte_fallback: neither true nor false"),
    (
      model(#""vocab":{"a":0},"merges":[],"dropout":0.1"#),
      "t.json: model.dropout: unsupported dropout, which is random"
    ),
    (#"{"model":{"type":"Unigram","vocab":[],"unk_id":0}}"#, "t.json: model.vocab: is empty"),
    (
      #"{"model":{"type":"Unigram","vocab":[["a",0]],"unk_id":1}}"#,
      "t.json: model.unk_id: not a whole number between 0 and 0"
    ),
    (#"{"model":{"type":"Unigram","vocab":[["a",1e999]],"unk_id":0}}"#, "t.json: model.vocab[0][1]: not a number"),
    (#"{"model":{"type":"WordPiece","vocab":{}}}"#, "t.json: model: has no \"unk_token\""),
  ])
  func `a wrong model is refused by name`(text: String, error: String) {
    #expect(failure(text) == error)
  }

  @Test(arguments: [
    ("normalizer", #"{"type":"Nmt"}"#, "normalizer: unsupported normalizer \"Nmt\""),
    (
      "normalizer", #"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"X"}]}"#,
      "normalizer.normalizers[1]: unsupported normalizer \"X\""
    ),
    (
      "normalizer", #"{"type":"Replace","pattern":{"Regex":"a+"},"content":""}"#,
      "normalizer.pattern[\"Regex\"]: unsupported regular expression \"a+\""
    ),
    (
      "normalizer", #"{"type":"Replace","pattern":{"String":""},"content":"a"}"#,
      "normalizer.pattern[\"String\"]: is empty"
    ),
    (
      "normalizer", #"{"type":"Precompiled","precompiled_charsmap":"A"}"#,
      "normalizer.precompiled_charsmap: not base64"
    ),
    (
      "normalizer", #"{"type":"Precompiled","precompiled_charsmap":"////fwAA"}"#,
      "normalizer.precompiled_charsmap: claims a table of 2147483647 bytes, which is not in its 6"
    ),
    ("pre_tokenizer", #"{"type":"UnicodeScripts"}"#, "pre_tokenizer: unsupported pre-tokenizer \"UnicodeScripts\""),
    (
      "pre_tokenizer", #"{"type":"Split","pattern":{"String":"a"},"behavior":"Eaten"}"#,
      "pre_tokenizer.behavior: unsupported behavior \"Eaten\""
    ),
    ("pre_tokenizer", #"{"type":"Metaspace","replacement":""}"#, "pre_tokenizer.replacement: is empty"),
    (
      "pre_tokenizer", #"{"type":"Metaspace","replacement":"_","prepend_scheme":"x"}"#,
      "pre_tokenizer.prepend_scheme: unsupported scheme \"x\""
    ),
    ("post_processor", #"{"type":"Else"}"#, "post_processor: unsupported post-processor \"Else\""),
    (
      "post_processor", #"{"type":"BertProcessing","sep":["a"],"cls":["a",0]}"#,
      "post_processor.sep: not a text and an id"
    ),
    (
      "post_processor", #"{"type":"TemplateProcessing","single":[],"special_tokens":{}}"#,
      "post_processor.single: unsupported template that does not hold the text once"
    ),
    (
      "post_processor", #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"b"}}],"special_tokens":{}}"#,
      "post_processor.special_tokens: has no \"b\""
    ),
    (
      "added_tokens", #"[{"id":5,"content":"a"}]"#,
      "added_tokens[0]: id 5, but the vocabulary has \"a\" as 0"
    ),
    ("added_tokens", #"{}"#, "added_tokens: not a list"),
  ])
  func `a wrong part is refused by name`(name: String, value: String, error: String) {
    #expect(failure(part(name, value)) == "t.json: " + error)
  }

  @Test(arguments: ["/no/such/tokenizer.json", "/dev", "/dev/zero"])
  func `what is no readable file is refused by name`(path: String) {
    do {
      _ = try Tokenizer(contentsOf: path)
      Issue.record("was read")
    } catch {
      #expect(error.description.hasPrefix(path + ": "))
    }
  }

  @Test func `a character map that points anywhere does not trap`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      let table = (0..<1024).map { _ in UInt8.random(in: 0...255, using: &random) }
      let digits = encodedBase64([0, 4, 0, 0] + table + Array("é\0ü\0猫\0".utf8))
      let value = #"{"type":"Precompiled","precompiled_charsmap":"\#(digits)"}"#
      let tokenizer = try Tokenizer(Goldens.json(Array(part("normalizer", value).utf8)))
      _ = tokenizer.encode("aé猫👍🏽\u{301}")
    }
  }

  @Test func `a file cut or changed anywhere is read or refused`() throws {
    let whole = try fileBytes(Goldens.folder + "/unigram.json", limit: 1 << 20)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0x20...0x7E, using: &random)
      }
      if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      _ = try? Tokenizer(Goldens.json(bytes)).encode("A photo of a 猫 👍🏽, don't!\u{301}")
    }
  }
}

private func encodedBase64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  var text = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
    for place in 0...group.count { text.append(digits[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
    text += String(repeating: "=", count: 3 - group.count)
  }
  return text
}
