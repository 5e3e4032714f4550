import Linear
import Media
import Synchronization
import Testing

@testable import Encode

/// What the sound towers of all families have in common.
@Suite struct SoundTowerTests {
  /// No vector that looks like one: it becomes null in the record.
  @Test(arguments: ["whisper", "clap", "ast"], [Float.nan, .infinity, -.infinity])
  func aSampleThatIsNoNumberGivesNoVector(_ golden: String, _ odd: Float) throws {
    let folder = try CheckpointFolder(CheckpointCases.golden(golden))
    let tower = try #require(try Towers.load(folder, Engine(.openblas)).sound)
    var sound = Signals.chord(tower.window)
    sound[sound.count / 2] = odd
    var runner = tower.makeRunner()
    let vectors = try runner.encode([sound])
    #expect(!vectors.values.allSatisfy { $0.isFinite })
    let model = try CheckpointModel(
      name: golden, Towers(sound: tower, space: .separate), pictureRate: Ratio(1), soundHop: nil)
    for row in 0..<vectors.rows where !vectors.row(row).allSatisfy({ $0.isFinite }) {
      #expect(model.embed(.audio, pooled: Array(vectors.row(row))) == nil)
    }
  }

  @Test func manyWindowsGoThroughTheTowerAFewAtATime() throws {
    let tower = Lengths()
    let model = try CheckpointModel(
      name: "lengths", Towers(sound: tower, space: .separate), pictureRate: Ratio(1), soundHop: nil)
    var encoder = try #require(model.makeSoundEncoder())
    let lengths = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3], samples = [Float](repeating: 1, count: 8)
    let inputs = lengths.enumerated().map { n, length in
      EncoderInput(
        SoundChunk(index: Int64(n), samples: samples, content: [0..<length], body: 0..<8), slot: Slot(.audio))
    }
    let features = try encoder.encode(inputs)
    for (length, features) in zip(lengths, features) {
      #expect(features?.vector == [Float(length), -Float(length)])
    }
    #expect(tower.calls.withLock(\.self) == [4, 4, 3])
    #expect(try encoder.encode([]).isEmpty)
  }
}

/// Hears how long sounds are: windows of eight samples, two steps.
private final class Lengths: SoundTower {
  let calls = Mutex<[Int]>([])
  var dimensions: Int { 1 }
  var rate: Int { 8 }
  var window: Int { 8 }
  var steps: Int { 2 }

  func makeRunner() -> any TowerRunner<[Float]> { Runner(tower: self) }

  private struct Runner: TowerRunner {
    let tower: Lengths

    func encode(_ sounds: [[Float]]) -> Matrix {
      tower.calls.withLock { $0.append(sounds.count) }
      let values = sounds.flatMap { [Float($0.count), -Float($0.count)] }
      return Matrix(rows: 2 * sounds.count, columns: 1, values: values)
    }
  }
}
