import Media
import Testing

@testable import Emit

@Suite struct RecordColumnTests {
  static let base = [
    "source", "status", "epoch", "window", "start_ns", "duration_ns", "start", "wall", "wall_uncertainty_us",
    "time_state", "uncertainty_us", "audio_pts", "audio_time_base", "video_pts", "video_time_base", "audio_valid",
    "video_valid", "text_valid", "frames", "frames_repeated", "frames_reused", "dropped", "sync_offset_ms",
    "sync_low_ms", "sync_high_ms", "drift_ppm", "gate_audio", "gate_video", "gate_text", "text",
  ]

  @Test func columnsStandInTheOrderOfTheContract() {
    let names = Samples.layout().recordColumns.map(\.name)
    #expect(names == Self.base + ["audio", "video", "text_vector", "fused"])
  }

  @Test func aLayoutWithoutEncodersKeepsTheScalarColumns() {
    let layout = RecordLayout(
      columns: [.init(slot: Slot(.audio), dimensions: nil, stepDimensions: nil)], fusedDimensions: 0,
      hasSteps: true, metadata: [])
    #expect(layout.recordColumns.map(\.name) == Self.base + ["loudness", "luma_var"])
  }

  @Test func furtherTracksFollowTheBaseSetAndStepsComeLast() {
    let names = Samples.layout(hasSteps: true, further: true).recordColumns.map(\.name)
    let vectors = ["audio", "video", "text_vector", "fused"]
    #expect(
      Array(names.dropFirst((Self.base + vectors).count)) == [
        "audio_2_pts", "audio_2_time_base", "audio_2_valid", "gate_audio_2", "audio_2", "video_2_pts",
        "video_2_time_base", "video_2_valid", "gate_video_2", "video_2", "audio_steps", "video_steps", "text_steps",
        "audio_2_steps", "video_2_steps", "loudness", "luma_var",
      ])
  }

  @Test func onlySourceAndStatusAreNeverNull() {
    let columns = Samples.layout(hasSteps: true, further: true).recordColumns
    #expect(columns.filter { !$0.isNullable }.map(\.name) == ["source", "status"])
  }

  @Test(arguments: [(0, "00:00:00.000"), (62_500, "00:01:02.500"), (360_000_001, "100:00:00.001")])
  func clockTextGrowsBeyondADay(milliseconds: Int64, text: String) {
    #expect(Instant(flicks: TimeSpan(milliseconds: milliseconds).flicks).clockText == text)
  }

  @Test func clockTextIsTheNearestMillisecond() {
    #expect(Instant(flicks: 705_600 / 2).clockText == "00:00:00.001")
    #expect(Instant(flicks: 705_600 / 2 - 1_000).clockText == "00:00:00.000")
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
    (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
  ])
  func wallTimeIsRFC3339(microseconds: Int64, text: String) {
    #expect(utcText(microseconds: microseconds) == text)
  }

  @Test func wallTimeBeyondFourDigitYearsHasNoText() {
    #expect(utcText(microseconds: .max) == nil)
    #expect(utcText(microseconds: .min) == nil)
  }

  @Test func loudnessIsNullForSilenceAndDecibelsOtherwise() throws {
    let column = try #require(Samples.layout(hasSteps: true).recordColumns.first { $0.name == "loudness" })
    var record = Embedding(source: "a", status: .ok, tracks: [WindowTrack(slot: Slot(.audio), quality: 0)])
    guard case .null = column.cell(record) else { return #expect(Bool(false), "silence has a level") }
    record.tracks[0].quality = 0.01
    guard case .real(let level) = column.cell(record) else { return #expect(Bool(false), "no level") }
    #expect(abs(level + 20) < 1e-5)
  }
}
