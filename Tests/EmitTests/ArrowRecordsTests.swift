import Media
import Testing

@testable import Emit

@Suite struct ArrowRecordsTests {
  @Test(arguments: [(1, false, false), (7, true, false), (3, false, true), (8, true, true)])
  func whatIsReadWritesDownAgainAsTheSameBytes(dimensions: Int, hasSteps: Bool, further: Bool) throws {
    let layout = Samples.layout(dimensions: dimensions, hasSteps: hasSteps, further: further)
    var writer = ArrowWriter(layout)
    let reader = try ArrowRecords(opening: writer.opening)
    var again = ArrowWriter(reader.layout)
    #expect(again.opening == writer.opening)
    for count in [1, 2, 9, 40] {
      let batch = writer.batch(Samples.records(count, layout))
      let read = try reader.records(batch)
      #expect(read.count == count)
      #expect(again.batch(read) == batch)
    }
  }

  @Test(arguments: VectorForm.allCases)
  func whatIsReadMakesTheSameLines(form: VectorForm) throws {
    let layout = Samples.layout(hasSteps: true, further: true)
    let records = Samples.records(20, layout)
    var arrow = ArrowWriter(layout)
    let reader = try ArrowRecords(opening: arrow.opening)
    var (lines, again) = (NDJSONWriter(layout, vectors: form), NDJSONWriter(reader.layout, vectors: form))
    let read = try reader.records(arrow.batch(records))
    #expect(again.batch(read) == lines.batch(records))
  }

  @Test func timesComeBackToTheFlick() throws {
    let layout = Samples.layout()
    let spans = [0, 1, 2, 3, 705_599_999, 705_600_001, 1 << 50].map { TimeSpan(flicks: $0) }
    let records = spans.map { span in
      Embedding(
        source: "s", status: .ok,
        place: .init(epoch: 0, window: 0, interval: Interval(.zero + span, .zero + span + span)))
    }
    var writer = ArrowWriter(layout)
    let read = try ArrowRecords(opening: writer.opening).records(writer.batch(records))
    #expect(read.map(\.place) == records.map(\.place))
  }

  @Test func everyLevelComesBack() throws {
    let powers = (1...3000).map { Float($0) * 1.7e-4 } + [.leastNormalMagnitude, 1, 1.0000001, 0.9999999]
    for power in powers { #expect(decibels(Emit.power(decibels(power))) == decibels(power), "\(power)") }
  }

  @Test func columnsOfAnotherReleaseAreNullOrPassedOver() throws {
    let layout = Samples.layout()
    var writer = ArrowWriter(layout)
    let batch = writer.batch(Samples.records(3, layout))
    var schema = layout.arrowSchema
    for (old, new) in [("text", "words"), ("fused", "joined"), ("audio", "sound")] {
      let index = try #require(schema.fields.firstIndex { $0.name == old })
      schema.fields[index].name = new
    }
    let reader = try ArrowRecords(opening: ArrowMessage.schema(schema))
    #expect(reader.layout.fusedDimensions == 0)
    #expect(reader.layout.columns.first { $0.slot == Slot(.audio) }?.dimensions == nil)
    let read = try reader.records(batch)
    #expect(read.map(\.text) == [nil, nil, nil])
    #expect(read[0].tracks.map { $0.vector == nil } == [true, false, false])
  }

  @Test func whatIsNoBatchOfTheStreamIsRefused() throws {
    var writer = ArrowWriter(Samples.layout())
    var other = ArrowWriter(Samples.layout(dimensions: 4))
    let opening = writer.opening
    let batch = writer.batch(Samples.records(2, Samples.layout()))
    let reader = try ArrowRecords(opening: opening)
    let bad: [[UInt8]] = [[], opening, writer.closing, Array(batch.dropLast(8)), batch + [0], [1, 2, 3]]
    for bytes in bad { #expect(throws: EmitError.self) { try reader.records(bytes) } }
    let wide = other.batch(Samples.records(2, Samples.layout(dimensions: 4)))
    #expect(throws: EmitError.self) { try ArrowRecords(opening: Array(opening.dropLast(16))) }
    // As many buffers and rows, but longer ones: read, since nothing lies beyond its batch.
    #expect(try reader.records(wide).count == 2)
  }

  @Test func hostileBytesAreRefusedOrReadButNeverTrap() throws {
    let layout = Samples.layout(dimensions: 1, hasSteps: true, further: true)
    var writer = ArrowWriter(layout)
    let opening = writer.opening
    let batch = writer.batch(Samples.records(2, layout))
    let reader = try ArrowRecords(opening: opening)
    var refused = 0
    for place in batch.indices {
      for value in [0x00, 0x7F, 0xFF, batch[place] ^ 1] as [UInt8] where value != batch[place] {
        var hostile = batch
        hostile[place] = value
        do { _ = try reader.records(hostile) } catch { refused += 1 }
      }
    }
    for place in opening.indices {
      for value in [0x00, 0x7F, 0xFF, opening[place] ^ 1] as [UInt8] where value != opening[place] {
        var hostile = opening
        hostile[place] = value
        do { _ = try ArrowRecords(opening: hostile).records(batch) } catch { refused += 1 }
      }
    }
    #expect(refused > 1000)
  }
}

extension RecordWriter {
  fileprivate mutating func batch(_ records: [Embedding]) -> [UInt8] {
    var bytes: [UInt8] = []
    append(records, to: &bytes)
    return bytes
  }
}
