import Media
@testable import Plot

let sound = Slot(.audio)
let video = Slot(.video)
let subtitles = Slot(.text)

func seconds(_ value: Int64) -> TimeSpan { TimeSpan(seconds: value) }
func milliseconds(_ value: Int64) -> TimeSpan { TimeSpan(milliseconds: value) }

func run(_ samples: [Float], first: Int64 = 0, rate: Int = 1000, epoch: Int32 = 0) -> AudioRun {
  AudioRun(slot: sound, epoch: epoch, firstSample: first, rate: rate, samples: samples)
}

func picture(width: Int, height: Int, _ color: [UInt8] = [200, 100, 50]) -> RGBImage {
  RGBImage(width: width, height: height, pixels: Array(repeating: color, count: width * height).flatMap(\.self))
}

func lane(_ stretches: [(TimeSpan, TimeSpan)]) -> CoverageLane {
  var lane = CoverageLane()
  for (start, end) in stretches { lane.add(start, end) }
  return lane
}

func record(
  _ window: Int64 = 0, epoch: Int32 = 0, start: TimeSpan = .zero, length: TimeSpan = TimeSpan(seconds: 2),
  state: TimeState? = .exact, uncertainty: TimeSpan? = TimeSpan(milliseconds: 1), sync: Embedding.Sync? = nil
) -> Embedding {
  let interval = Interval(.zero + start, .zero + start + length)
  return Embedding(
    source: "news.mkv", status: .ok, place: .init(epoch: epoch, window: window, interval: interval),
    timeState: state, uncertainty: uncertainty, sync: sync)
}

func sync(_ offset: Float, _ low: Float, _ high: Float) -> Embedding.Sync {
  Embedding.Sync(offsetMilliseconds: offset, lowMilliseconds: low, highMilliseconds: high, driftPPM: nil)
}

func coverage(_ slot: Slot, _ start: TimeSpan, _ end: TimeSpan, epoch: Int32 = 0) -> Item {
  .mark(
    .covered(
      Coverage(
        slot: slot, epoch: epoch, interval: Interval(.zero + start, .zero + end), pts: nil, timeBase: Ratio(1, 1000),
        halfWidth: .zero, isInferred: false, sampleLength: .zero)))
}

func opened(_ slots: [Slot]) -> Item {
  .mark(.opened(SourceInfo(name: "news.mkv", container: "matroska", tracks: [], slots: slots)))
}

func epoch(_ index: Int32, at start: TimeSpan, _ reason: Epoch.Reason = .start) -> Item {
  .mark(.epoch(Epoch(index: index, reason: reason, start: start, originPTS: nil, timeBase: Ratio(1, 1000))))
}

extension RGBImage {
  func pixel(_ x: Int, _ y: Int) -> RGB {
    let offset = 3 * (y * width + x)
    return RGB(red: pixels[offset], green: pixels[offset + 1], blue: pixels[offset + 2])
  }

  /// The rows in which the pixel at column `x` has the colour.
  func rows(_ x: Int, _ ink: Ink) -> [Int] { (0..<height).filter { pixel(x, $0) == ink.light } }
}
