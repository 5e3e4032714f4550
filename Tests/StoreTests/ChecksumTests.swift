import Testing

@testable import Store

@Suite struct ChecksumTests {
  /// RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
  @Test func itIsTheOneOfTheStandard() {
    #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.of([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.of(Array(0..<32)) == 0x46DD_794E)
    #expect(CRC32C.of([]) == 0)
  }

  @Test func partsMakeTheWhole() {
    let bytes = (0..<100).map { UInt8($0 * 7 % 256) }
    for cut in bytes.indices {
      var checksum = CRC32C()
      checksum.add(bytes[..<cut])
      checksum.add(bytes[cut...])
      #expect(checksum.value == CRC32C.of(bytes))
    }
  }

  @Test func entriesComeBackAsTheyWere() throws {
    let head = SegmentHead(
      number: 3, openingLength: 9, openingChecksum: 0xDEAD_BEEF, closing: [1, 2], configHash: "ü", openedAt: 5)
    let tail = SegmentTail(end: 100, batches: 2, records: 3, indexChecksum: 7, finishedAt: 8)
    let marks = [
      Mark(source: "a", place: Place(epoch: -1, window: -2), before: nil),
      Mark(source: "b", place: Place(epoch: .max, window: .min), before: Place(epoch: 1, window: 2)),
    ]
    let entries: [Entry] = [
      .opened(head), .batch(segment: 3, BatchEntry(offset: 9, length: 4, checksum: 1, records: 2, marks: marks)),
      .finished(segment: 3, tail), .removed(segment: 3, .damaged), .reserved(source: "c", next: .max),
      .forgotten(source: "é"), .kept(head, tail),
      .source("d", SourceState(last: marks[0].place, segment: 2, reserved: -4)),
      .source("", SourceState()), .began(next: 4, expired: Position(segment: 1, offset: 2)),
    ]
    let bytes = JournalFrame.header(salt: 6) + JournalFrame.bytes(entries, 40, salt: 6)
    let contents = try #require(JournalContents(bytes))
    #expect(contents.entries == entries)
    #expect(contents.sequence == 41 && !contents.isTorn && contents.gaps == 0)
  }
}
