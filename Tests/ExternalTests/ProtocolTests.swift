import Media
import Testing

@testable import External

@Suite struct ProtocolTests {
  private func reader(dim: Int) throws -> AnswerReader {
    var reader = AnswerReader()
    reader.append(Array("\(Stage.hello(dim: dim))\n".utf8))
    _ = try #require(try reader.hello(answering: greeting))
    return reader
  }

  private func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

  @Test func answersAreReadWhereverTheReadsCutThem() throws {
    // Bytes of the vectors look like line feeds and braces.
    let vectors: [[Float]] = [[1.5, -2], [Float(bitPattern: 0x0A0A_7B0A), 3.25], [.nan, 0]]
    let bytes =
      vectors.enumerated().flatMap { n, vector in
        line(#"{"id":\#(n),"bytes":8}"#) + vector.flatMap { answer(0, $0).suffix(4) }
      } + line(#"{"id":9,"error":"no \"face\" in it"}"#)
    for cut in 0...bytes.count {
      var reader = try reader(dim: 2)
      var read: [Answer] = []
      for part in [bytes[..<cut], bytes[cut...]] {
        reader.append(Array(part))
        while let next = try reader.next() { read.append(next) }
      }
      #expect(read.map(\.id) == [0, 1, 2, 9])
      #expect(read[..<2].map(\.content) == vectors[..<2].map { .vector($0) })
      #expect(read[3].content == .error(#"no "face" in it"#))
    }
  }

  @Test func answersAreReadByteByByte() throws {
    var reader = try reader(dim: 1)
    var ids: [Int64] = []
    for byte in answer(0, 7) + line(#"{"id":1,"error":"x"}"#) + answer(2) {
      reader.append([byte])
      while let next = try reader.next() { ids.append(next.id) }
    }
    #expect(ids == [0, 1, 2])
  }

  @Test(arguments: [
    "hello", "", "{}", "[1]", "null", #"{"id":"1","bytes":4}"#, #"{"id":1}"#, #"{"id":1.5,"bytes":4}"#,
    #"{"id":99999999999999999999,"bytes":4}"#, #"{"id":1,"bytes":"4"}"#, "\u{0}\u{1}\u{1B}[2J", #"{"id":1,"bytes":4"#,
    String(repeating: "[", count: 60_000), #"{"id":1,"error":7}"#,
  ])
  func whatIsNoAnswerIsGarbage(_ text: String) throws {
    var reader = try reader(dim: 1)
    reader.append(line(text))
    let mishap = #expect(throws: Mishap.self) { try reader.next() }
    #expect(mishap?.kind == .garbage)
    #expect(mishap?.reason.unicodeScalars.allSatisfy { $0.value >= 32 } == true)
    #expect((mishap?.reason.utf8.count ?? .max) < 300)
  }

  @Test(arguments: ["0", "-4", "3", "5", "8", "4294967296", "9223372036854775807"])
  func anotherNumberOfBytesIsAnotherSize(_ bytes: String) throws {
    var reader = try reader(dim: 1)
    reader.append(line(#"{"id":1,"bytes":\#(bytes)}"#))
    #expect(#expect(throws: Mishap.self) { try reader.next() }?.kind == .size)
  }

  @Test func anEndlessLineIsCutOff() throws {
    var reader = try reader(dim: 1)
    var taken = 0
    let mishap = #expect(throws: Mishap.self) {
      while taken < 1 << 20 {
        reader.append([UInt8](repeating: 120, count: 1000))
        taken += 1000
        _ = try reader.next()
      }
    }
    #expect(mishap?.kind == .garbage && taken <= Inbox.lineLimit + 1000)
  }

  @Test func aRequestIsALineAndItsBytes() throws {
    var request = requests(2)[1]
    request.header.pts = -5
    request.header.timeBase = "1/90000"
    let text = String(decoding: request.message(id: 17, more: 3), as: UTF8.self)
    #expect(
      text == #"{"bytes":6,"duration_ns":500000000,"epoch":0,"id":17,"more":3,"pts":-5,"source":"x","t_ns":500000000,"#
        + #""time_base":"1/90000","track":"text"}"# + "\ntext 1")
  }

  @Test func idsBelongToTheirPlacesOnce() throws {
    var table = RequestTable()
    let (one, two) = (table.nextID(), table.nextID())
    #expect(throws: Mishap(.repeatedID, "answered request 0 once more, or before it was asked")) {
      try table.close(one)
    }
    table.open(one, place: 5)
    table.open(two, place: 6)
    #expect(try table.close(two) == 6)
    #expect(try table.close(one) == 5)
    for (id, kind) in [(one, Mishap.Kind.repeatedID), (2, .unknownID), (-1, .unknownID), (.max, .unknownID)] {
      #expect(#expect(throws: Mishap.self) { try table.close(id) }?.kind == kind)
    }
  }
}

@Suite struct HelloTests {
  private func hello(_ text: String, _ modality: Modality = .video) throws -> Hello {
    try Hello(
      line: text.utf8, answering: Greeting(version: "0", modality: modality, isDeterministic: false))
  }

  private func hello(changing change: String, _ modality: Modality = .video) throws -> Hello {
    try hello(#"{"protocol":"tandem-encoder/1","name":"n","modality":"\#(modality.rawValue)",\#(change)}"#, modality)
  }

  @Test func theLeastIsEnough() throws {
    let hello = try hello(changing: #""dim":4"#)
    #expect(hello.dim == 4 && hello.batch == 1 && hello.fps == nil && hello.width == nil)
  }

  @Test func lengthsAndRatesMayBeNumbersOrTexts() throws {
    for (spelling, text) in [(#""30000/1001""#, "30000/1001"), ("2", "2"), ("0.5", "0.5"), (#""10s""#, "10s")] {
      #expect(try hello(changing: #""dim":4,"fps":\#(spelling)"#).fps?.text == text)
    }
  }

  @Test func itIsWrittenTheSameWhateverTheOrderOfItsKeys() throws {
    let (one, other) = (try hello(changing: #""dim":4,"fps":2"#), try hello(changing: #""fps":"2","dim":4"#))
    #expect(one == other && one.line == other.line)
  }

  @Test(arguments: [
    (#""dim":0"#, "dim"), (#""dim":65537"#, "dim"), (#""dim":"4""#, "dim is of the wrong kind"),
    (#""fps":2"#, "no dim"),
    (#""dim":4,"width":3"#, "width and height"), (#""dim":4,"width":0,"height":0"#, "width and height"),
    (#""dim":4,"max_batch":0"#, "max_batch"), (#""dim":4,"max_batch":1000"#, "max_batch"),
    (#""dim":4,"max_bach":8"#, #"unknown key "max_bach""#), (#""dim":4,"fps":[2]"#, "fps is of the wrong kind"),
    (#""error":"no GPU here""#, #"refuses: "no GPU here""#),
  ])
  func whatIsWrongIsNamed(_ change: String, _ complaint: String) {
    let mishap = #expect(throws: Mishap.self) { try hello(changing: change) }
    #expect(mishap?.reason.contains(complaint) == true, "\(mishap?.reason ?? "")")
  }

  @Test(arguments: ["\\u001b[2J", "a\\nb", "a\\tb", "\\u009b2J", "\\u007f"])
  func aNameThatMovesATerminalsCursorIsRefused(_ text: String) {
    for key in ["name", "space", "fps", "window", "hop"] {
      let plain = ["protocol": "tandem-encoder/1", "name": "n", "modality": "video"]
      let values = plain.merging([key: text]) { $1 }
      let line = values.map { #""\#($0)":"\#($1)""# }.joined(separator: ",")
      let mishap = #expect(throws: Mishap.self) { try hello(#"{"dim":4,\#(line)}"#) }
      #expect(mishap?.reason == "the handshake's \(key) holds control characters")
    }
  }

  @Test func soundNeedsItsRateAndWindow() throws {
    for (change, missing) in [(#""dim":4"#, "rate is missing"), (#""dim":4,"rate":16000"#, "window is missing")] {
      let mishap = #expect(throws: Mishap.self) { try hello(changing: change, .audio) }
      #expect(mishap?.reason.contains(missing) == true)
    }
    #expect(try hello(changing: #""dim":4,"rate":16000,"window":"1s""#, .audio).rate == 16000)
  }

  @Test(arguments: ["Loading model…", "", "[]", "{", #"{"id":0,"bytes":4}"#, "\u{1B}[31mred"])
  func whatIsNoHandshakeIsShown(_ line: String) {
    #expect(#expect(throws: Mishap.self) { try hello(line) }?.kind == .handshake)
  }

  @Test func anotherProtocolOrModalityIsRefused() {
    for text in [
      #"{"protocol":"tandem-encoder/2","name":"n","modality":"video","dim":4}"#,
      #"{"protocol":"tandem-encoder/1","name":"n","modality":"audio","dim":4,"rate":16000,"window":1}"#,
    ] {
      #expect(throws: Mishap.self) { try hello(text) }
    }
  }
}
