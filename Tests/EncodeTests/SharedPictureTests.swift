import Linear
import Media
import Synchronization
import Testing

@testable import Encode

/// Sources whose stages leave their pictures to one encoder. Plain pictures, two a second.
@Suite struct SharedPictureTests {
  private let model = Batcher()

  private func plain(_ samples: UInt8...) -> [Item] {
    samples.enumerated().map { picture(Signals.plain($1, $1, $1), Int64($0)) }
  }

  private func opened(_ name: String) -> Item {
    .mark(.opened(SourceInfo(name: name, container: "nut", tracks: [], slots: [sight])))
  }

  /// What the hand-overs of each source give, source by source; together: all at once, by one encoder.
  private func encoded(
    _ sources: [[[Item]]], _ model: any Model, reuse: PictureReuse? = nil, together: Bool = true
  ) -> [[Result<[Encoded], any Error>]] {
    var stages = sources.map { _ in EncodeStage(model, pictureRate: Ratio(2), reuse: reuse) }
    var ahead = zip(stages, sources).map { $0.wishes($1.flatMap(\.self)) }
    if together {
      var shared = SharedPictureEncoder(model)
      shared.encode(&ahead)
    }
    return sources.indices.map { source in
      sources[source].map { items in
        Result { try together ? stages[source].accept(items, knowing: ahead[source]) : stages[source].accept(items) }
      }
    }
  }

  /// Vectors of plain pictures, with `=` behind those that were taken over; `-` for none, `|` for a mark, `!` for an
  /// error; a word for each hand-over.
  private func draw(_ sources: [[Result<[Encoded], any Error>]]) -> [String] {
    sources.map { handOvers in
      handOvers.map { result in
        guard case .success(let encoded) = result else { return "!" }
        return encoded.map { item in
          switch item {
          case .step(let step): "\(Int(step.vector[0]))" + (step.isReused ? "=" : "")
          case .lost: "-"
          case .mark: "|"
          }
        }.joined(separator: ",")
      }.joined(separator: " ")
    }
  }

  @Test func thePicturesOfThreeSourcesAreEncodedInOneCall() {
    let given = encoded([[plain(1, 2)], [plain(3)], [plain(4, 5), plain(6)]], model)
    #expect(draw(given) == ["1,2", "3", "4,5 6"])
    #expect(model.calls.withLock(\.self) == [6])
  }

  @Test func aBatchIsBounded() {
    let sources = (0..<10).map { n in [plain(n, n + 10, n + 20, n + 30, n + 40, n + 50, n + 60)] }
    #expect(draw(encoded(sources, model)) == (0..<10).map { "\($0),1\($0),2\($0),3\($0),4\($0),5\($0),6\($0)" })
    #expect(model.calls.withLock(\.self) == [SharedPictureEncoder.together, 70 - SharedPictureEncoder.together])
  }

  @Test func whoLooksAfterTheEncodersHearsOfEachBatch() {
    let stage = EncodeStage(model, pictureRate: Ratio(2))
    var (shared, begun) = (SharedPictureEncoder(model), 0)
    var ahead = (0..<3).map { n in stage.wishes((0..<40).flatMap { plain(UInt8($0 + n)) }) }
    shared.encode(&ahead, begin: { begun += 1 })
    #expect(begun == model.calls.withLock(\.count))
  }

  @Test func aPictureThatStaysOnScreenIsWishedForOnce() throws {
    let (one, two) = (Signals.plain(1, 1, 1), Signals.plain(2, 2, 2))
    var stage = EncodeStage(model, pictureRate: Ratio(2))
    #expect(stage.wishes([picture(one, 0), picture(one, 1), picture(two, 2), picture(two, 3)]).wishes.count == 2)
    _ = try stage.accept([picture(one, 0)])
    #expect(stage.wishes([picture(one, 1), picture(two, 2)]).wishes.count == 1)
  }

  @Test func toWishChangesNothing() throws {
    let items = plain(10, 10, 11, 60)
    var (asked, other) = (stage(below: 2), stage(below: 2))
    for _ in 0..<3 { #expect(asked.wishes(items).wishes.count == 2) }
    #expect(try draw([[.success(asked.accept(items))]]) == draw([[.success(other.accept(items))]]))
  }

  private func stage(below limit: Double) -> EncodeStage {
    EncodeStage(model, pictureRate: Ratio(2), reuse: PictureReuse(below: limit))
  }

  @Test func aPictureThatSpoilsItsBatchCostsItsOwnSourceAndNoOther() {
    let model = Batcher(spoiling: [13])
    let given = encoded([[plain(1, 2)], [plain(3), plain(13), plain(4)], [plain(5)]], model)
    #expect(draw(given) == ["1,2", "3 ! 4", "5"])
    guard case .failure(let error) = given[1][1] else { return #expect(Bool(false), "it is told why") }
    #expect(error as? Spoilt == Spoilt(sample: 13))
  }

  @Test func batchesBesideASpoiltOneStand() {
    let model = Batcher(spoiling: [13])
    let many = plain(13) + (0..<SharedPictureEncoder.together).flatMap { plain(UInt8($0 + 100)) }
    _ = encoded([[many], [plain(1), plain(2)]], model)
    // The spoilt one, the rest of all, and 13 again; nothing of the second batch.
    #expect(model.calls.withLock(\.self) == [SharedPictureEncoder.together, 3, 1])
  }

  @Test func aPictureWithoutAnAnswerIsLostAndNotAskedForAgain() {
    let model = Batcher(unanswered: [13])
    #expect(draw(encoded([[plain(1, 13)], [plain(13)], [plain(2)]], model)) == ["1,-", "-", "2"])
    #expect(model.calls.withLock(\.self) == [4])
  }

  @Test(arguments: [[], [10, 50] as Set<UInt8>])
  func picturesTakeOverAsTheyDoAlone(unanswered: Set<UInt8>) {
    let model = Batcher(unanswered: unanswered)
    let sources = [
      [plain(10, 10, 11, 60), plain(61, 61)], [plain(50, 51, 49), plain(49, 50)], [plain(10), plain(10), plain(200)],
    ]
    let reuse = PictureReuse(below: 2)
    #expect(draw(encoded(sources, model, reuse: reuse)) == draw(encoded(sources, model, reuse: reuse, together: false)))
  }

  @Test func whatIsTakenOverIsNotEncoded() {
    let sources = [[plain(10, 10, 11), plain(11, 90)], [plain(10, 11)]]
    let given = encoded(sources, model, reuse: PictureReuse(below: 2))
    #expect(draw(given) == ["10,10=,10= 10=,90", "10,10="])
    #expect(model.calls.withLock(\.self) == [3])
  }

  @Test func marksAndEpochsKeepTheirPlaces() {
    let next = Epoch(index: 1, reason: .jump, start: .zero, originPTS: nil, timeBase: Ratio(1))
    let later = Item.picture(
      Picture(slot: sight, epoch: 1, instant: .zero, valid: 1, image: Signals.plain(3, 3, 3)))
    let reached = Item.mark(.reached(sight, Instant(index: 1, rate: Ratio(2))))
    let first = [
      [opened("a")] + plain(1) + [reached],
      plain(2) + [.mark(.closed(epoch: 0, end: .end)), .mark(.epoch(next)), later],
    ]
    #expect(draw(encoded([first, [plain(4)]], model)) == ["|,1,| 2,|,|,3", "4"])
    #expect(model.calls.withLock(\.self) == [4])
  }

  @Test func theEncoderIsToldWhoseAPictureIs() {
    let stage = EncodeStage(model, pictureRate: Ratio(2))
    let frame = ShownFrame(
      slot: sight, epoch: 0, instant: .zero, pts: 900, timeBase: Ratio(1, 90_000), start: .zero, halfWidth: .zero,
      isInferred: false)
    let wishes = stage.wishes([opened("a"), .mark(.shown(frame))] + plain(1) + [opened("b")] + plain(2)).wishes
    #expect(wishes.map(\.source) == ["a", "b"] && wishes.map(\.stamp?.pts) == [900, nil])
  }

  @Test func nothingIsWishedForWhereTheModelMustSeeEveryPicture() throws {
    let model = BuiltinModel()
    let items = (0..<4).map { picture(Signals.painting(64, 48, shift: $0 * 4, seed: 1), Int64($0 / 2)) }
    #expect(EncodeStage(model, pictureRate: Ratio(2)).wishes(items).wishes.isEmpty)
    #expect(
      try vectors(encoded([[items], [items]], model)) == vectors(encoded([[items], [items]], model, together: false)))
  }

  @Test func nothingIsWishedForWhereTheLastBitsCount() {
    #expect(EncodeStage(model, pictureRate: Ratio(2), together: false).wishes(plain(1, 2)).wishes.isEmpty)
  }

  /// The last bits of products change with the size of the batch.
  @Test func vectorsOfACheckpointAreThoseThatAStageGivesAlone() throws {
    let engine = try Engine(.openblas, threads: 2)
    let towers = try CLIP.load(try CheckpointFolder(CheckpointCases.golden("clip-vision")), engine)
    let model = try CheckpointModel(name: "clip", towers, pictureRate: Ratio(2), soundHop: nil)
    let sources = (0..<5).map { source in
      [(0..<3).map { picture(Signals.painting(64, 48, shift: $0, seed: UInt32(source)), Int64($0)) }]
    }
    let (together, alone) = (encoded(sources, model), encoded(sources, model, together: false))
    for (a, b) in zip(try vectors(together), try vectors(alone)) { #expect(difference(a, b) < 1e-5) }
  }

  private func vectors(_ sources: [[Result<[Encoded], any Error>]]) throws -> [[Float]] {
    try sources.flatMap(\.self).flatMap { try $0.get() }.compactMap { item in
      if case .step(let step) = item { step.vector } else { nil }
    }
  }
}
