import Media
import Testing

@testable import Emit

@Suite struct NDJSONTests {
  @Test func aStatusRowIsNullsUnderEveryKey() {
    var writer = NDJSONWriter(Samples.layout())
    var bytes: [UInt8] = []
    writer.append([Embedding(source: "a \"b\"", status: .noContent)], to: &bytes)
    let nulls = RecordColumnTests.base.dropFirst(2).map { "\"\($0)\":\($0 == "dropped" ? "0" : "null")" }
    let vectors = ["audio", "video", "text_vector", "fused"].map { "\"\($0)\":null" }
    let front = "{\"source\":\"a \\\"b\\\"\",\"status\":\"no_content\","
    #expect(String(decoding: bytes, as: UTF8.self) == front + (nulls + vectors).joined(separator: ",") + "}\n")
  }

  @Test func anAbsentTrackCoversNothingWhereThereIsAPlace() {
    let place = Embedding.Place(epoch: 1, window: 2, interval: Interval(.zero, Instant(flicks: 705_600_000)))
    let text = line(Embedding(source: "a", status: .ok, place: place), .array)
    #expect(text.contains("\"audio_valid\":0.0,\"video_valid\":0.0,\"text_valid\":0.0,\"frames\":0,"))
    #expect(text.contains("\"epoch\":1,\"window\":2,\"start_ns\":0,\"duration_ns\":1000000000,"))
    #expect(text.contains("\"start\":\"00:00:00.000\","))
  }

  @Test func vectorsAreShownAsAsked() {
    var record = Embedding(source: "a", status: .ok)
    record.fused = [1, -0.5, 1e-5, 0, -0.0, 0.1, 3e38, 2, 3]
    #expect(line(record, .array).contains("\"fused\":[1.0,-0.5,1e-05,0.0,-0.0,0.1,3e+38,2.0,3.0]}"))
    record.fused = [1, -2, 0.5, 0, 0, 0, 0, 0, 0]
    #expect(line(record, .base64).contains("\"fused\":\"AACAPwAAAMAAAAA/" + String(repeating: "A", count: 32) + "\"}"))
    #expect(line(record, .none).hasSuffix("\"text\":null}\n"))
  }

  @Test(arguments: [(1, "AACAPw=="), (2, "AACAPwAAgD8="), (3, "AACAPwAAgD8AAIA/")])
  func base64IsPadded(count: Int, text: String) {
    var bytes: [UInt8] = []
    bytes.appendBase64([Float](repeating: 1, count: count))
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }

  @Test func whatIsNotFiniteBecomesNullAndIsCounted() {
    var record = Embedding(source: "a", status: .ok)
    record.fused = [Float](repeating: 0, count: 8) + [.nan]
    record.wall = .init(microseconds: 0, uncertaintyMicroseconds: .infinity)
    var writer = NDJSONWriter(Samples.layout())
    var bytes: [UInt8] = []
    writer.append([record], to: &bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("\"fused\":null") && text.contains("\"wall_uncertainty_us\":null"))
    #expect(writer.counters["non_finite_values"] == 2)
  }

  @Test func numbersReadBackExactlyAndAreNeverLongerThanTheLibrarys() {
    var random = Generator(state: 1)
    var wrong: [String] = []
    for index in 0..<100_000 {
      let any = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      let value = index % 4 == 0 && any.isFinite ? any : Float.random(in: -1...1, using: &random)
      var bytes: [UInt8] = []
      bytes.appendJSON(value)
      let text = String(decoding: bytes, as: UTF8.self)
      let isExact = Float(text)?.bitPattern == value.bitPattern
      let isExactByWayOfDouble = Double(text).map { Float($0).bitPattern } == value.bitPattern
      let isShortest = bytes.count <= value.description.utf8.count
      if !isExact || !isExactByWayOfDouble || !isShortest { wrong.append(text) }
    }
    #expect(wrong.isEmpty)
  }

  @Test func anyStringSurvivesAndStaysOnItsLine() throws {
    var random = Generator(state: 2)
    for _ in 0..<2_000 {
      let text = String(String.UnicodeScalarView((0..<12).map { _ in scalar(&random) }))
      var bytes: [UInt8] = []
      bytes.appendJSON(text)
      let shown = String(decoding: bytes, as: UTF8.self)
      var scanner = JSONScanner(bytes[...])
      let isSame = scanner.value() == .text(text) && scanner.isAtEnd
      #expect(isSame, "\(shown)")
      let isBroken = bytes.contains { $0 < 0x20 } || shown.unicodeScalars.contains(where: \.properties.isLineSeparator)
      #expect(!isBroken, "\(shown)")
    }
  }

  @Test func everyLineHasTheKeysOfTheLayout() throws {
    let layout = Samples.layout(dimensions: 7, hasSteps: true, further: true)
    for form in VectorForm.allCases {
      var writer = NDJSONWriter(layout, vectors: form)
      let bytes = writer.stream([Samples.records(10, layout)])
      let lines = bytes.split(separator: UInt8(ascii: "\n"))
      #expect(lines.count == 10)
      for line in lines { #expect(try #require(NDJSONShape(line)).fits(layout, form)) }
    }
  }

  private func line(_ record: Embedding, _ form: VectorForm) -> String {
    var writer = NDJSONWriter(Samples.layout(), vectors: form)
    return String(decoding: writer.stream([[record]]), as: UTF8.self)
  }

  /// Mostly the troublesome ones.
  private func scalar(_ random: inout Generator) -> Unicode.Scalar {
    let troublesome: [Unicode.Scalar] = ["\"", "\\", "/", "\u{2028}", "\u{2029}", "\u{7F}", "\u{0}", "é", "👋", "\r"]
    switch random.next() % 3 {
    case 0: return troublesome[Int(random.next() % UInt64(troublesome.count))]
    case 1: return Unicode.Scalar(UInt8(random.next() % 128))
    default: return Unicode.Scalar(UInt32(random.next() % 0x11_0000)) ?? "x"
    }
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isLineSeparator: Bool { generalCategory == .lineSeparator || generalCategory == .paragraphSeparator }
}
