import Fuse
import Media
import Testing

private let audio = Slot(.audio)
private let video = Slot(.video)

private func columns(_ widths: Int?...) -> [RecordLayout.Column] {
  widths.enumerated().map { n, width in
    RecordLayout.Column(slot: n == 0 ? audio : Slot(.video, n - 1), dimensions: width, stepDimensions: width)
  }
}

private func window(_ vectors: [Float]?..., wallZero: Int64? = nil) -> Window {
  Window(
    source: "clip", epoch: 1, index: 3,
    interval: Interval(Instant(flicks: 0) + TimeSpan(seconds: 3), Instant(flicks: 0) + TimeSpan(seconds: 5)),
    wallZero: wallZero, timeState: .exact, uncertainty: TimeSpan(milliseconds: 1),
    tracks: vectors.enumerated().map { n, vector in
      WindowTrack(slot: n == 0 ? audio : Slot(.video, n - 1), valid: vector == nil ? 0 : 1, vector: vector)
    }, text: "words")
}

private func fused(_ kind: Fuser.Kind, _ columns: [RecordLayout.Column], _ window: Window) throws -> Embedding {
  var fuser = try Fuser(kind, columns, failureRows: .none)
  return try #require(fuser.accept(.window(window)).first)
}

private func norm(_ vector: [Float]) -> Float { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }

@Suite struct FuserTests {
  @Test func meanIsTheNormalisedMeanOfThosePresent() throws {
    let row = try fused(.mean, columns(2, 2), window([1, 0], [0, 1]))
    let fused = try #require(row.fused)
    #expect(abs(fused[0] - Float(0.5).squareRoot()) < 1e-6 && fused[0] == fused[1])
    #expect(row.gates == [0.5, 0.5])
  }

  @Test func anAbsentTrackHasNoPartInTheMean() throws {
    let row = try fused(.mean, columns(2, 2, 2), window([0.6, 0.8], nil, [0.6, 0.8]))
    #expect(row.fused.map { abs($0[0] - 0.6) < 1e-6 && abs($0[1] - 0.8) < 1e-6 } == true)
    #expect(row.gates == [0.5, nil, 0.5])
  }

  @Test func aTrackAloneIsItself() throws {
    let row = try fused(.mean, columns(2, 2), window(nil, [0, 1]))
    #expect(row.fused == [0, 1])
    #expect(row.gates == [nil, 1])
  }

  @Test func opposedVectorsHaveNoMean() throws {
    #expect(try fused(.mean, columns(2, 2), window([1, 0], [-1, 0])).fused == nil)
  }

  @Test func concatPutsThemInOrderWithZerosForTheAbsent() throws {
    let row = try fused(.concat, columns(2, 3, 1), window([0, 1], nil, [1]))
    let fused = try #require(row.fused)
    #expect(fused.count == 6)
    #expect(fused[0...0] + fused[2..<5] == [0, 0, 0, 0])
    #expect(fused[1] == fused[5] && abs(norm(fused) - 1) < 1e-6)
    #expect(row.gates == [nil, nil, nil])
  }

  @Test func aTrackWithoutEncoderTakesNoPlace() throws {
    #expect(try fused(.concat, columns(nil, 2), window(nil, [0, 1])).fused == [0, 1])
    #expect(try Fuser.dimensions(.concat, columns(nil, 2)) == 2)
  }

  @Test func aWindowWithNothingIsStillARow() throws {
    for kind in Fuser.Kind.allCases {
      let row = try fused(kind, columns(2, 2), window(nil, nil))
      #expect(row.status == .ok && row.fused == nil && row.gates == [nil, nil])
      #expect(row.place?.window == 3)
    }
  }

  @Test func theRowTellsAllThatTheWindowTold() throws {
    let row = try fused(.mean, columns(2, 2), window([1, 0], [1, 0], wallZero: 1_000_000))
    #expect(row.source == "clip" && row.text == "words")
    #expect(row.place == .init(epoch: 1, window: 3, interval: window().interval))
    #expect(row.timeState == .exact && row.uncertainty == TimeSpan(milliseconds: 1))
    #expect(row.wall == .init(microseconds: 4_000_000, uncertaintyMicroseconds: 1_000_000))
    #expect(row.tracks.map(\.slot) == [audio, video])
  }

  @Test func widthsAddUpInConcatAndMustAgreeInMean() throws {
    #expect(try Fuser.dimensions(.concat, columns(2, 3)) == 5)
    #expect(try Fuser.dimensions(.mean, columns(4, 4)) == 4)
    #expect(throws: FuseError.self) { try Fuser.dimensions(.mean, columns(2, 3)) }
    #expect(throws: FuseError.self) { try Fuser(.mean, columns(2, 3), failureRows: .none) }
  }
}

@Suite struct StatusRowTests {
  private func rows(
    _ ending: SourceOutcome.Ending, windows: Int64, _ failureRows: Fuser.FailureRows = .none
  ) throws -> [Embedding.Status] {
    var fuser = try Fuser(.mean, columns(2, 2), failureRows: failureRows)
    let rows = fuser.accept(.ended(SourceOutcome(name: "clip", ending: ending), windows: windows))
    #expect(rows.allSatisfy { $0.source == "clip" && $0.place == nil && $0.tracks.isEmpty && $0.fused == nil })
    return rows.map(\.status)
  }

  @Test func aSourceWithoutWindowsSaysSo() throws {
    #expect(try rows(.complete, windows: 0) == [.noContent])
    #expect(try rows(.truncated("cut off"), windows: 0) == [.noContent])
  }

  @Test func aSourceWithWindowsNeedsNoMore() throws {
    #expect(try rows(.complete, windows: 3).isEmpty)
    #expect(try rows(.truncated("cut off"), windows: 3).isEmpty)
  }

  @Test func aFailureIsARowOnlyWhereAskedFor() throws {
    #expect(try rows(.failed("broken", exitCode: 65), windows: 0).isEmpty)
    #expect(try rows(.failed("broken", exitCode: 65), windows: 0, .record) == [.decodeError])
  }
}
