import Glibc
import Media
import Testing

@testable import Emit

@Suite struct ResumeTests {
  private let scratch = Scratch()
  private let layout = Samples.layout(dimensions: 7, hasSteps: true)
  private var first: [Embedding] { Samples.records(6, layout, source: "a \"1\".mkv") }
  private var second: [Embedding] { Samples.records(10, layout, source: "b\u{2028}ü👋.mkv") }

  @Test(arguments: [RecordFormat.arrow, .ndjson])
  func aTornFileGoesOnAsIfItHadNotBeenTorn(format: RecordFormat) throws {
    let path = scratch.file("out")
    var writer = format.writer(layout)
    let whole = writer.stream([first, second])
    var before = format.writer(layout)
    let kept = before.stream([first]).count - before.closing.count
    for length in [kept, kept + 1, kept + 8, kept + 99] {
      try write(Array(whole.prefix(length)), to: path)
      let point = try #require(try ResumePoint.read(path, format: format))
      #expect(point.end == kept)
      try emit([second], path, format, resuming: point)
      #expect(contents(path) == whole, "cut at \(length)")
    }
  }

  @Test(arguments: [RecordFormat.arrow, .ndjson])
  func theLastRecordOfEverySourceIsFoundInFileOrder(format: RecordFormat) throws {
    let path = scratch.file("out")
    try emit([first, second, [Embedding(source: "c", status: .decodeError)]], path, format)
    let point = try #require(try ResumePoint.read(path, format: format))
    #expect(
      point.sources == [
        .init(source: "a \"1\".mkv", status: "ok", epoch: 1, window: 5),
        .init(source: "b\u{2028}ü👋.mkv", status: "ok", epoch: 3, window: 9),
        .init(source: "c", status: "decode_error", epoch: nil, window: nil),
      ])
    #expect(point.configHash == (format == .arrow ? "c0ffee" : nil))
  }

  @Test func aCompleteStreamLosesItsEndMarkAndGetsANewOne() throws {
    let path = scratch.file("out")
    try emit([first], path, .arrow)
    try emit([second], path, .arrow, resuming: try ResumePoint.read(path, format: .arrow))
    var writer = ArrowWriter(layout)
    #expect(contents(path) == writer.stream([first, second]))
  }

  @Test(arguments: [RecordFormat.arrow, .ndjson])
  func nothingToKeepStartsAnew(format: RecordFormat) throws {
    let path = scratch.file("out")
    #expect(try ResumePoint.read(path, format: format) == nil)
    var writer = format.writer(layout)
    let whole = writer.stream([first])
    for length in [0, 3, 100] {
      try write(Array(whole.prefix(length)), to: path)
      let point = try #require(try ResumePoint.read(path, format: format))
      #expect(point.end == 0 && point.sources.isEmpty)
      try emit([first], path, format, resuming: point)
      #expect(contents(path) == whole)
    }
  }

  @Test func anotherConfigurationIsRefused() throws {
    let path = scratch.file("out")
    try emit([first], path, .arrow)
    var other = layout
    other.metadata[1].value = "different"
    #expect(try refusal(path, .arrow, other) == "resume \(path): it was written with another configuration")
  }

  @Test(arguments: [RecordFormat.arrow, .ndjson])
  func otherColumnsAreRefusedAndTheFileStaysAsItIs(format: RecordFormat) throws {
    let path = scratch.file("out")
    try emit([first], path, format)
    let before = contents(path)
    let other = Samples.layout(dimensions: 7)
    #expect(try refusal(path, format, other)?.hasPrefix("resume \(path): it has other ") == true)
    #expect(contents(path) == before)
  }

  @Test func anotherVectorFormIsRefused() throws {
    let path = scratch.file("out")
    try emit([first], path, .ndjson)
    #expect(try refusal(path, .ndjson, layout, .base64) == "resume \(path): it has other keys")
  }

  @Test func npyCannotBeResumed() throws {
    try write([1], to: scratch.file("a.npy"))
    let error = failure { () throws(EmitError) in _ = try ResumePoint.read(scratch.file("a.npy"), format: .npy) }
    #expect(error?.exitCode == 64)
  }

  @Test(arguments: [RecordFormat.arrow, .ndjson])
  func aForeignFileIsRefused(format: RecordFormat) throws {
    let path = scratch.file("notes.txt")
    try write(Array("hello\n{\"a\":1}\n".utf8), to: path)
    let error = failure { () throws(EmitError) in _ = try ResumePoint.read(path, format: format) }
    #expect(error?.exitCode == 73)
    #expect(error?.description.contains(path) == true)
  }

  @Test func dataBehindTheEndMarkIsRefused() throws {
    let path = scratch.file("out")
    var writer = ArrowWriter(layout)
    let stream = writer.stream([first])
    try write(stream + stream, to: path)
    let error = failure { () throws(EmitError) in _ = try ResumePoint.read(path, format: .arrow) }
    #expect(error?.description == "read \(path): not a stream of records: data behind the end of the stream")
  }

  @Test func hostileLinesAreRefusedOrReadButNeverTrap() throws {
    let small = Samples.layout(dimensions: 1)
    var writer = NDJSONWriter(small)
    let line = writer.stream([Samples.records(1, small, source: "a \"1\".mkv")]).dropLast()
    for place in line.indices {
      for value in [0x22, 0x5C, 0x7B, 0x00, 0xFF] as [UInt8] {
        var hostile = line
        hostile[place] = value
        _ = NDJSONPrefix(hostile)
        _ = NDJSONShape(hostile)
        _ = NDJSONPrefix(hostile[...place])
      }
    }
    #expect(NDJSONPrefix(line)?.progress.source == "a \"1\".mkv")
    #expect(NDJSONShape([UInt8](repeating: UInt8(ascii: "["), count: 100_000)[...]) == nil)
  }

  private func emit(
    _ batches: [[Embedding]], _ path: String, _ format: RecordFormat, resuming point: ResumePoint? = nil
  ) throws {
    var emitter = try Emitter.open(.file(path), format: format, layout: layout, resuming: point)
    for batch in batches { try emitter.emit(batch) }
    try emitter.finish()
  }

  private func refusal(
    _ path: String, _ format: RecordFormat, _ layout: RecordLayout, _ vectors: VectorForm = .array
  ) throws -> String? {
    let point = try ResumePoint.read(path, format: format)
    let error = failure { () throws(EmitError) in
      _ = try Emitter.open(.file(path), format: format, layout: layout, vectors: vectors, resuming: point)
    }
    #expect(error?.exitCode == 73)
    return error?.description
  }
}
