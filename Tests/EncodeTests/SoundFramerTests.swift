import Media
import Testing

@testable import Encode

extension SoundFramer {
  /// All chunks that a run completes, cut two at a time.
  fileprivate mutating func hear(_ run: AudioRun) throws(SeamError) -> [SoundChunk] {
    try check(run)
    let before = reach(run.firstSample)
    append(run)
    return before + reach(0)
  }

  fileprivate mutating func end() -> [SoundChunk] { reach(whole) }

  fileprivate mutating func reach(_ sample: Int64) -> [SoundChunk] {
    var chunks: [SoundChunk] = []
    while true {
      let some = cut(2, knowing: sample)
      #expect(some.count <= 2)
      if some.isEmpty { return chunks }
      chunks += some
    }
  }
}

/// Time is drawn: a letter is a sample, a dot is none. A chunk is drawn as lookback[step]lookahead.
@Suite struct SoundFramerTests {
  private let needs = SoundNeeds(rate: 4, hop: 4, lookback: 2, lookahead: 1)

  /// Feeds what is drawn, cut into runs at dots and bars, then finishes.
  private func chunks(_ drawing: String) throws -> [String] {
    var framer = SoundFramer(needs)
    var drawn: [String] = []
    for run in runs(drawing) { drawn += try framer.hear(run).map(draw) }
    return drawn + framer.end().map(draw)
  }

  private func runs(_ drawing: String, at first: Int64 = 0) -> [AudioRun] {
    var runs: [AudioRun] = []
    var number = first
    var isOpen = false
    for mark in drawing {
      switch mark {
      case "|": isOpen = false
      case ".":
        isOpen = false
        number += 1
      default:
        if !isOpen { runs.append(AudioRun(slot: sound, epoch: 0, firstSample: number, rate: 4, samples: [])) }
        runs[runs.count - 1].samples.append(Float(mark.asciiValue!))
        isOpen = true
        number += 1
      }
    }
    return runs
  }

  private func draw(_ chunk: SoundChunk) -> String {
    var drawing = ""
    for (place, sample) in chunk.samples.enumerated() {
      if place == chunk.body.lowerBound { drawing += "[" }
      let isContent = chunk.content.contains { $0.contains(place) }
      #expect(isContent == (sample != 0))
      drawing.append(isContent ? Character(UnicodeScalar(UInt8(sample))) : ".")
      if place == chunk.body.upperBound - 1 { drawing += "]" }
    }
    return drawing
  }

  @Test func cutsStepsWithTheirSurroundings() throws {
    #expect(try chunks("abcdefghijkl") == ["..[abcd]e", "cd[efgh]i", "gh[ijkl]."])
  }

  @Test func padsTheTailAndMasksIt() throws {
    #expect(try chunks("abcdef") == ["..[abcd]e", "cd[ef..]."])
    #expect(try chunks("abcdefghi") == ["..[abcd]e", "cd[efgh]i", "gh[i...]."])
  }

  @Test func startsWhereContentStarts() throws {
    #expect(try chunks(".....abc") == ["..[.abc]."])
  }

  @Test func masksAGapInsideAStep() throws {
    #expect(try chunks("ab.defgh") == ["..[ab.d]e", ".d[efgh]."])
  }

  @Test func leavesOutStepsWithoutContent() throws {
    //                  0...1...2...3...4...
    #expect(try chunks("abc.............defg") == ["..[abc.].", "..[defg]."])
    #expect(try chunks("abcd....efgh") == ["..[abcd].", "..[efgh]."])
  }

  @Test func seesContentBeyondAnEmptyStep() throws {
    #expect(try chunks("....ab......cd") == ["..[ab..].", "..[cd..]."])
    #expect(try chunks("abcd...e") == ["..[abcd].", "cd[...e]."])
  }

  @Test func cutsTheSameHoweverRunsAreCut() throws {
    let whole = try chunks("abcdefghijklmnopqrstuvwxyz")
    for first in 1..<25 {
      for second in first + 1..<26 {
        var drawing = Array("abcdefghijklmnopqrstuvwxyz")
        drawing.insert("|", at: second)
        drawing.insert("|", at: first)
        #expect(try chunks(String(drawing)) == whole)
      }
    }
  }

  @Test func waitsForTheReceptiveField() throws {
    var framer = SoundFramer(needs)
    #expect(try framer.hear(runs("abcd")[0]).isEmpty)
    #expect(framer.complete == 0)
    #expect(framer.reach(4).isEmpty)
    #expect(framer.reach(5).map(draw) == ["..[abcd]."])
    #expect(framer.complete == 4)
  }

  @Test func neverCutsAStepTwice() throws {
    var framer = SoundFramer(needs)
    var drawn = try framer.hear(runs("abcdef")[0]).map(draw)
    drawn += framer.reach(6).map(draw)
    drawn += framer.reach(100).map(draw)
    drawn += framer.end().map(draw)
    drawn += framer.end().map(draw)
    #expect(drawn == ["..[abcd]e", "cd[ef..]."])
  }

  @Test func forgetsInAGapOfAThousandHours() throws {
    var framer = SoundFramer(SoundNeeds(rate: 16000, hop: 1600, lookback: 280, lookahead: 120))
    let far: Int64 = 1000 * 3600 * 16000
    var count = 0
    for first in [0, far, 2 * far] {
      let samples = [Float](repeating: 0.1, count: 16000)
      count += try framer.hear(
        AudioRun(slot: sound, epoch: 0, firstSample: first, rate: 16000, samples: samples)
      ).count
      #expect(framer.held < 16000)
      count += framer.reach(first + far / 2).count
      #expect(framer.held <= 2000)
    }
    #expect(count + framer.end().count == 30)
  }

  @Test func holdsNoMoreThanTheNextStepSees() throws {
    var framer = SoundFramer(SoundNeeds(rate: 16000, hop: 1600, lookback: 280, lookahead: 120))
    for index in 0..<200 as Range<Int64> {
      _ = try framer.hear(
        AudioRun(
          slot: sound, epoch: 0, firstSample: index * 1024, rate: 16000, samples: [Float](repeating: 1, count: 1024)))
      #expect(framer.held <= 2000)
    }
  }

  @Test func cutsNoMoreAtOnceThanIsAskedFor() throws {
    var framer = SoundFramer(SoundNeeds(rate: 100, hop: 1, lookback: 50, lookahead: 49))
    framer.append(
      AudioRun(slot: sound, epoch: 0, firstSample: 0, rate: 100, samples: [Float](repeating: 1, count: 1000)))
    #expect(framer.cut(3, knowing: 0).map(\.index) == [0, 1, 2])
    #expect(framer.complete == 3)
    #expect(framer.cut(.max, knowing: 0).map(\.index) == Array(3..<951))
    #expect(framer.cut(3, knowing: 0).isEmpty && framer.held < 100)
  }

  @Test func refusesWhatBreaksThePromises() throws {
    var framer = SoundFramer(needs)
    _ = try framer.hear(runs("abcdef")[0])
    #expect(throws: SeamError.order(firstSample: 5, expected: 6)) { try framer.hear(runs("x", at: 5)[0]) }
    let fast = AudioRun(slot: sound, epoch: 0, firstSample: 6, rate: 8, samples: [1])
    #expect(throws: SeamError.rate(8, wanted: 4)) { try framer.hear(fast) }
  }
}
