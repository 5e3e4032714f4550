import Emit
import Media
import Store
import Testing

/// Real batches on a real file system.
@Suite struct ArrowTests {
  private let layout = RecordLayout(
    columns: [.init(slot: Slot(.audio), dimensions: 3, stepDimensions: nil)], fusedDimensions: 3, hasSteps: false,
    metadata: [("tandem.schema", "1"), ("tandem.config_sha256", "c0ffee")])

  private func record(_ window: Int64) -> Embedding {
    let grid = Grid(length: TimeSpan(seconds: 2), hop: TimeSpan(seconds: 1), pictureRate: Ratio(2))
    return Embedding(
      source: "door", status: .ok, place: .init(epoch: 0, window: window, interval: grid.window(window)),
      tracks: [WindowTrack(slot: Slot(.audio))])
  }

  @Test func everySegmentIsAStreamForAnyReader() throws {
    let folder = ScratchFolder()
    var writer = ArrowWriter(layout)
    let streams = StoreLayout(opening: writer.opening, closing: writer.closing, configHash: "c0ffee")
    var limits = StoreLimits.tiny
    limits.segmentBytes = 20_000
    let store = try RecordStore.open(folder.path, streams, limits) { 1000 }
    for window in 0..<Int64(60) {
      var batch: [UInt8] = []
      writer.append([record(window)], to: &batch)
      _ = try store.append(batch, records: 1, ids: [RecordID(source: "door", epoch: 0, window: window)])
    }
    let end = try store.sync()
    #expect(end.segment > 2)
    var windows: [Int64?] = []
    for segment in 1...end.segment {
      let name = String(repeating: "0", count: 12 - String(segment).count) + "\(segment).arrows"
      guard var reader = try ArrowStreamReader.open(folder.path + "/" + name) else { throw Broken(name) }
      while let batch = try reader.next() { windows += try reader.integers("window", batch) }
      let (isComplete, hash) = (reader.isComplete, reader.metadata("tandem.config_sha256"))
      #expect(isComplete == (segment < end.segment))
      #expect(hash == "c0ffee")
    }
    #expect(windows == (0..<60).map { Int64($0) })
  }
}
