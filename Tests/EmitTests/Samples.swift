import Glibc
import Media

@testable import Emit

/// Records of every shape: full, without sound, without place, not finite, with steps and with further tracks.
enum Samples {
  static func layout(dimensions: Int = 3, hasSteps: Bool = false, further: Bool = false) -> RecordLayout {
    let slots = Modality.allCases.map { Slot($0) } + (further ? [Slot(.audio, 1), Slot(.video, 1)] : [])
    return RecordLayout(
      columns: slots.map { .init(slot: $0, dimensions: dimensions, stepDimensions: hasSteps ? 2 : nil) },
      fusedDimensions: 3 * dimensions, hasSteps: hasSteps,
      metadata: [("tandem.schema", "1"), ("tandem.config_sha256", "c0ffee"), ("tandem.model", "builtin ✓")])
  }

  /// `count` records that differ, among them all the shapes.
  static func records(_ count: Int, _ layout: RecordLayout, source: String = "clip.mkv") -> [Embedding] {
    var random = Generator(state: UInt64(count) &* 7919 &+ 1)
    return (0..<count).map { index in
      switch index % 5 {
      case 1: Embedding(source: source, status: .noContent)
      case 2: full(index, layout, source, &random, missing: .audio)
      case 3: full(index, layout, source, &random, isBroken: true)
      default: full(index, layout, source, &random)
      }
    }
  }

  private static func full(
    _ index: Int, _ layout: RecordLayout, _ source: String, _ random: inout Generator, missing: Modality? = nil,
    isBroken: Bool = false
  ) -> Embedding {
    let place = Embedding.Place(
      epoch: Int32(index / 3), window: Int64(index),
      interval: Grid(
        length: TimeSpan(seconds: 2), hop: TimeSpan(milliseconds: 333), pictureRate: Ratio(2)
      ).window(Int64(index)))
    let tracks = layout.columns.map { column in
      column.slot.modality == missing
        ? WindowTrack(slot: column.slot) : track(column, place, &random)
    }
    return Embedding(
      source: source, status: .ok, place: place,
      wall: index % 2 == 0
        ? .init(microseconds: 1_795_446_000_000_001 + Int64(index), uncertaintyMicroseconds: 0.5) : nil,
      timeState: .quantised, uncertainty: TimeSpan(flicks: 16_000 + Int64(index)), tracks: tracks,
      gates: tracks.map { $0.vector == nil ? nil : 1 / 3 }, dropped: Int32(index),
      sync: index % 3 == 0
        ? .init(offsetMilliseconds: 40.25, lowMilliseconds: -1e-6, highMilliseconds: 1e9, driftPPM: nil) : nil,
      text: index % 2 == 0 ? "Grüße \"\\\u{1}\n\u{2028}👋🏽 \(index)" : nil,
      fused: isBroken
        ? [.infinity] + random.vector(layout.fusedDimensions - 1) : random.vector(layout.fusedDimensions))
  }

  private static func track(
    _ column: RecordLayout.Column, _ place: Embedding.Place, _ random: inout Generator
  ) -> WindowTrack {
    let steps = (0..<2).map { step in
      Step(
        slot: column.slot, epoch: place.epoch,
        interval: Interval(
          place.interval.start + TimeSpan(milliseconds: Int64(step)), place.interval.end), valid: 0.5,
        vector: column.stepDimensions.map { random.vector($0) } ?? [])
    }
    let isPicture = column.slot.modality == .video
    return WindowTrack(
      slot: column.slot, valid: 0.75, vector: column.dimensions.map { random.vector($0) },
      pts: isPicture ? [90_000, -5, .max] : [.min], timeBase: Ratio(1, isPicture ? 90_000 : 48_000),
      frames: isPicture ? 3 : 0, framesRepeated: isPicture ? 1 : 0, quality: 0.25,
      steps: column.stepDimensions == nil ? [] : steps)
  }
}

/// splitmix64: the same numbers on every run.
struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  mutating func vector(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: -0.2...0.2, using: &self) } }
}
