import Glibc
import Media
import System
import Testing

@testable import Emit

@Suite struct ArrowTests {
  /// Pins every byte of the schema message: checked against pyarrow, polars and DuckDB when it was taken.
  @Test func theSchemaMessageIsUnchanged() {
    let bytes = ArrowWriter(Samples.layout(dimensions: 512, hasSteps: true, further: true)).opening
    #expect(bytes.count % 8 == 0)
    #expect(fingerprint(bytes) == 1_549_223_411_296_744_585)
  }

  @Test(arguments: [1, 7, 8, 512])
  func aStreamReadsBackAsItWasWritten(dimensions: Int) throws {
    let scratch = Scratch()
    let layout = Samples.layout(dimensions: dimensions, hasSteps: true, further: true)
    let batches = [1, 2, 8, 17].map { Samples.records($0, layout) }
    var writer = ArrowWriter(layout)
    let bytes = writer.stream(batches)
    try write(bytes, to: scratch.file("a.arrows"))
    guard var reader = try ArrowStreamReader.open(scratch.file("a.arrows")) else { throw Errno(code: ENODATA) }
    #expect(reader.columnNames == layout.recordColumns.map(\.name))
    #expect(reader.metadata("tandem.model") == "builtin ✓")
    for records in batches {
      let batch = try #require(try reader.next())
      #expect(batch.rowCount == records.count)
      #expect(try reader.texts("source", batch) == records.map(\.source))
      #expect(try reader.texts("status", batch) == records.map(\.status.rawValue))
      #expect(try reader.texts("text", batch) == records.map(\.text))
      #expect(try reader.integers("epoch", batch) == records.map { $0.place.map { Int64($0.epoch) } })
      #expect(try reader.integers("window", batch) == records.map { $0.place?.window })
      #expect(try vectors("fused", 3 * dimensions, reader, batch) == records.map { $0.fused.flatMap(finite) })
      #expect(try vectors("video_2", dimensions, reader, batch) == records.map { vector(.init(.video, 1), $0) })
    }
    #expect(try reader.next() == nil)
    let (isComplete, end) = (reader.isComplete, reader.end)
    #expect(isComplete)
    #expect(end == bytes.count - 8)
  }

  @Test func nullsAreCountedAndStepsNest() throws {
    let scratch = Scratch()
    let layout = Samples.layout(hasSteps: true)
    let records = Samples.records(5, layout)
    var writer = ArrowWriter(layout)
    try write(writer.stream([records]), to: scratch.file("a.arrows"))
    guard var reader = try ArrowStreamReader.open(scratch.file("a.arrows")) else { throw Errno(code: ENODATA) }
    let batch = try #require(try reader.next())
    let parts = try reader.buffers("audio_steps", .list, batch)
    // validity, offsets; struct; t_ns: validity, values; valid: validity, values; vector; item: validity, values
    #expect(parts.map(\.count) == [1, 24, 0, 0, 48, 0, 24, 0, 0, 48])
    #expect(parts[0] == [0b11101])
    let offsets = try (0...5).map { try parts[1].integer(at: 4 * $0, Int32.self) }
    #expect(offsets == [0, 2, 2, 2, 4, 6])  // the second record is a status row, the third has no sound
    #expect(writer.counters["non_finite_values"] == 1)
  }

  @Test func buffersAndMessagesLieAtMultiplesOfEight() throws {
    let layout = Samples.layout(dimensions: 7)
    var writer = ArrowWriter(layout)
    for count in 1...9 {
      var bytes: [UInt8] = []
      writer.append(Samples.records(count, layout), to: &bytes)
      #expect(bytes.count % 8 == 0)
      #expect(try Int(bytes.integer(at: 4, Int32.self)) % 8 == 0)
    }
  }

  @Test func noRecordsAreNoBatch() {
    var writer = ArrowWriter(Samples.layout())
    var bytes: [UInt8] = []
    writer.append([], to: &bytes)
    #expect(bytes.isEmpty)
  }

  @Test func aFileCutAnywhereGivesItsWholeBatches() throws {
    let scratch = Scratch()
    let path = scratch.file("a.arrows")
    let layout = Samples.layout(dimensions: 1)
    var writer = ArrowWriter(layout)
    var bytes = writer.opening
    var ends = [0, bytes.count]
    for count in [1, 3] {
      writer.append(Samples.records(count, layout), to: &bytes)
      ends.append(bytes.count)
    }
    bytes += writer.closing
    try write(bytes, to: path)
    let file = try Descriptor.open(path, O_WRONLY)
    for length in (0...bytes.count).reversed() {
      try file.truncate(to: length)
      let point = try #require(try ResumePoint.read(path, format: .arrow))
      #expect(point.end == ends.last { $0 <= length }, "cut at \(length)")
    }
  }

  @Test func hostileBytesAreRefusedOrReadButNeverTrap() throws {
    let scratch = Scratch()
    let path = scratch.file("a.arrows")
    let layout = Samples.layout(dimensions: 1)
    var writer = ArrowWriter(layout)
    let bytes = writer.stream([Samples.records(2, layout)])
    try write(bytes, to: path)
    let file = try Descriptor.open(path, O_WRONLY)
    var refused = 0
    for place in bytes.indices {
      for value in [0x00, 0x7F, 0xFF, bytes[place] ^ 1] as [UInt8] where value != bytes[place] {
        try file.write([value], at: place)
        do { _ = try ResumePoint.read(path, format: .arrow) } catch { refused += 1 }
      }
      try file.write([bytes[place]], at: place)
    }
    #expect(refused > 1000)
    #expect(try ResumePoint.read(path, format: .arrow)?.end == bytes.count - 8)
  }

  /// The vectors of a column, from its buffers: validity; item: validity, values.
  private func vectors(
    _ name: String, _ length: Int, _ reader: borrowing ArrowStreamReader, _ batch: ArrowBatch
  ) throws -> [[Float]?] {
    let parts = try reader.buffers(name, .fixedSizeList(length), batch)
    return try (0..<batch.rowCount).map { row in
      guard parts[0].isEmpty || parts[0][row / 8] >> UInt8(row % 8) & 1 == 1 else { return nil }
      return try (0..<length).map {
        Float(bitPattern: try parts[2].integer(at: 4 * (row * length + $0), UInt32.self))
      }
    }
  }

  private func vector(_ slot: Slot, _ record: Embedding) -> [Float]? {
    record.tracks.first { $0.slot == slot }.flatMap(\.vector)
  }

  private func finite(_ vector: [Float]) -> [Float]? { vector.allSatisfy(\.isFinite) ? vector : nil }
}
