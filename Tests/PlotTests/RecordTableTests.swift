import Media
import Testing

@testable import Plot

@Suite struct `A table of records` {
  private static let full = Embedding(
    source: "news.mkv", status: .ok,
    place: .init(epoch: 0, window: 62, interval: Interval(.zero + milliseconds(62_500), .zero + seconds(64))),
    timeState: .quantised, uncertainty: milliseconds(1),
    tracks: [
      WindowTrack(slot: sound, valid: 0.999), WindowTrack(slot: video, valid: 1, frames: 4),
      WindowTrack(slot: subtitles, valid: 0),
    ], text: "Guten\nAbend \u{1B}[31m", fused: Array(repeating: 0.125, count: 64))

  @Test func `has its header once and the source when it is new`() {
    var table = RecordTable(color: false)
    var other = Self.full
    other.source = "b.mp4"
    let text = table.lines(Self.full) + table.lines(Self.full) + table.lines(other)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines[0].hasPrefix("    window start"))
    #expect(lines[1] == "news.mkv" && lines[4] == "b.mp4")
    #expect(lines[2] == lines[3] && lines[3] == lines[5])
  }

  @Test func `puts every value under its heading`() throws {
    var table = RecordTable(color: false)
    let lines = table.lines(Self.full).split(separator: "\n")
    let header = Array(lines[0])
    let line = Array(lines[2])
    let fields = lines[2].split(separator: " ").map(String.init)
    #expect(fields.prefix(8) == ["0/62", "00:01:02.500", "quantised", "1000.0", "99", "100", "0", "4"])
    let fused = try #require(String(header).ranges(of: "fused").first)
    let column = String(header).distance(from: String(header).startIndex, to: fused.lowerBound)
    #expect(VectorSwatch.characters.contains(line[column]) && line[column - 1] == " ")
    #expect(String(line[(column + 17)...]) == "Guten Abend  [31m")
  }

  @Test func `keeps lines within the width and free of control characters`() {
    var record = Self.full
    record.text = String(repeating: "long \u{9B}\u{202E}", count: 50)
    record.source = "\u{1B}]0;x\u{7}"
    var table = RecordTable(color: false, width: 110)
    let text = table.lines(record)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(!text.unicodeScalars.contains("\u{202E}"))
  }

  @Test func `colours only when asked, and nothing but colour differs`() {
    var plain = RecordTable(color: false)
    var painted = RecordTable(color: true)
    let text = painted.lines(Self.full)
    #expect(text.contains("\u{1B}[33mquantised"))
    #expect(text.replacing(#/\x{1B}\[[0-9;]*m/#, with: "") == plain.lines(Self.full))
  }

  @Test func `says what is wrong, and what was lost before`() {
    var table = RecordTable(color: false)
    var record = Embedding(source: "x", status: .decodeError)
    record.dropped = 1
    let lines = table.lines(record).split(separator: "\n")
    #expect(lines[2] == "  … 1 window lost")
    #expect(lines[3].contains("decode_error"))
  }
}

@Suite struct `A vector's swatch` {
  /// A fixed pseudo-random vector.
  private static func vector(_ seed: UInt64, _ count: Int = 512) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: state) >> 32) / Float(Int32.max)
    }
  }

  private static func distance(_ a: [Float], _ b: [Float]) -> Int {
    zip(VectorSwatch.levels(a), VectorSwatch.levels(b)).reduce(0) { $0 + abs($1.0 - $1.1) }
  }

  @Test func `is alike for like vectors and unlike for others`() {
    for seed in UInt64(1)...20 {
      let vector = Self.vector(seed)
      let near = zip(vector, Self.vector(seed + 1000)).map { $0 + 0.1 * $1 }
      let far = Self.vector(seed + 2000)
      #expect(Self.distance(vector, near) <= 8)
      #expect(Self.distance(vector, far) >= 16)
    }
  }

  @Test func `does not depend on the vector's length and uses the whole scale`() {
    let vector = Self.vector(5)
    #expect(VectorSwatch.levels(vector) == VectorSwatch.levels(vector.map { $0 * 1024 }))
    let levels = Set((UInt64(1)...20).flatMap { VectorSwatch.levels(Self.vector($0)) })
    #expect(levels == Set(0...7))
  }

  @Test(arguments: [[], [0, 0], [.nan, .infinity], [1], [3e38, -3e38]] as [[Float]])
  func `stands odd vectors`(vector: [Float]) {
    let levels = VectorSwatch.levels(vector)
    #expect(levels.count == 16 && levels.allSatisfy { (0...7).contains($0) })
  }
}
