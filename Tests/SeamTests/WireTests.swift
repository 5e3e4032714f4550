import Media
import Testing

@testable import Seam

/// There and back.
private func crossed<Value: Wired>(_ value: Value) throws -> Value {
  var wire = WireWriter()
  value.write(to: &wire)
  return try Value(message: wire.bytes)
}

@Suite struct WireTests {
  private let slot = Slot(.video, 2)

  @Test func everyMarkCrossesWhole() throws {
    let interval = Interval(Instant(flicks: -3), Instant.end)
    let track = TrackInfo(
      index: 1, modality: .audio, codec: "opus", startPTS: nil, timeBase: Ratio(1, 48_000), language: "deu",
      sampleRate: 48_000, channels: 2)
    let info = SourceInfo(
      name: "ein Name \u{F7FF}", container: "matroska", tracks: [track], slots: [slot],
      declaredDuration: TimeSpan(seconds: 9), creationTime: -1, isStreaming: true)
    #expect(try crossed(info) == info)
    let epoch = Epoch(
      index: 7, reason: .jump, start: TimeSpan(seconds: 1), originPTS: .min, timeBase: Ratio(1, 90_000),
      isLocked: false)
    #expect(try crossed(epoch) == epoch)
    let coverage = Coverage(
      slot: slot, epoch: 7, interval: interval, pts: 1 << 40, timeBase: Ratio(1001, 30_000), halfWidth: .zero,
      isInferred: true, sampleLength: TimeSpan(flicks: 14_700))
    #expect(try crossed(coverage) == coverage)
    let frame = ShownFrame(
      slot: slot, epoch: 7, instant: .zero, pts: nil, timeBase: Ratio(1), start: Instant(flicks: 1), halfWidth: .zero,
      isInferred: false)
    #expect(try crossed(frame) == frame)
    let cue = Cue(slot: Slot(.text), epoch: 7, interval: interval, text: "«你好»\n")
    #expect(try crossed(cue) == cue)
    let wall = WallTime(
      epoch: 7, zero: 1 << 60, arrivalZero: 5, uncertaintyMicroseconds: 3, basis: .sender, driftPPM: -2.5)
    #expect(try crossed(wall) == wall)
  }

  @Test func anOutcomeKeepsItsEndingAndItsAccounts() throws {
    var counters = Counters()
    counters.add("video_decode_errors", 12)
    for ending in [.complete, .truncated("cut off"), .failed("nothing", exitCode: 65)] as [SourceOutcome.Ending] {
      let outcome = try crossed(SourceOutcome(name: "a", ending: ending, counters: counters, fault: .frozen))
      #expect(outcome.ending == ending && outcome.counters == counters && outcome.fault == .frozen)
    }
  }

  @Test func anOrderCrossesWhole() throws {
    let request = SourceRequest(
      sampleRate: 16_000, pictureRate: Ratio(30_000, 1001), stillLength: TimeSpan(seconds: 2),
      start: TimeSpan(flicks: -5), followsEXIF: true,
      live: LiveOptions(
        transport: .udp, listens: true, isSessionDescription: true, openingWait: TimeSpan(seconds: 3),
        silenceWait: TimeSpan(seconds: 4), packetWait: TimeSpan(seconds: 5), stallWait: TimeSpan(seconds: 6),
        jitterWait: TimeSpan(milliseconds: 7)),
      continuation: Continuation(epoch: 9, position: TimeSpan(seconds: 8), wall: 7))
    let order = SourceOrder(
      "-", label: "pipe", TrackSelection("audio:deu,video:0,video:1")!, request, threads: 3, subtitles: "a.srt",
      tracesFrames: true)
    #expect(try crossed(order) == order)
  }

  @Test(
    arguments: [
      .unreadable("a"), .undecodable("b"), .decoderEnded("b"), .inputOutput("c"), .timedOut("d"), .unavailable("e"),
      .interrupted,
    ] as [SourceError])
  func everyErrorIsStillTheSameError(_ error: SourceError) throws { #expect(try crossed(error) == error) }

  @Test func soundCrossesToTheBit() throws {
    let samples: [Float] = [0, -0.0, .leastNonzeroMagnitude, .pi]
    let run = AudioRun(slot: Slot(.audio), epoch: 0, firstSample: 5, rate: 16_000, samples: samples)
    let back = try crossed(run)
    #expect(back.samples.map(\.bitPattern) == run.samples.map(\.bitPattern))
    #expect(back.firstSample == 5 && back.rate == 16_000)
  }
}

@Suite struct HostileWireTests {
  /// A message of each kind, as a good worker would send it.
  private static let messages: [[UInt8]] = {
    let slot = Slot(.audio)
    let coverage = Coverage(
      slot: slot, epoch: 0, interval: Interval(.zero, .end), pts: 3, timeBase: Ratio(1, 1000), halfWidth: .zero,
      isInferred: false, sampleLength: .zero)
    let picture = PlacedPicture(slot: slot, epoch: 0, instant: .zero, valid: 1, width: 2, height: 2, place: 0)
    let run = AudioRun(slot: slot, epoch: 0, firstSample: 0, rate: 8000, samples: [1, 2, 3])
    let said: [FromWorker] = [
      .hello(Hello(version: "1", ffmpeg: "5")), .over, .failed(.undecodable("x")), .drawn(7),
      .items([
        .mark(.covered(coverage)), .picture(picture), .sound(run),
        .mark(.ended(SourceOutcome(name: "a", ending: .complete))),
      ]),
    ]
    return said.map { message in
      var wire = WireWriter()
      message.write(to: &wire)
      return wire.bytes
    }
  }()

  @Test func aMessageCutAnywhereIsRefused() {
    for message in Self.messages {
      for length in message.indices {
        #expect(throws: WireError.self, "\(length) of \(message.count)") {
          try FromWorker(message: Array(message[..<length]))
        }
      }
    }
  }

  @Test func aByteTooManyIsRefused() {
    for message in Self.messages { #expect(throws: WireError.self) { try FromWorker(message: message + [0]) } }
  }

  @Test func noChangedByteTrapsOrAllocatesWithoutEnd() {
    for message in Self.messages {
      for index in message.indices {
        for byte in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] where message[index] != byte {
          var changed = message
          changed[index] = byte
          _ = try? FromWorker(message: changed)  // refused or another message: both are fine
        }
      }
    }
  }

  @Test(arguments: [0, 1 << 17] as [Int])
  func aPictureOfAbsurdSizeIsRefused(_ width: Int) {
    var wire = WireWriter()
    PlacedPicture(slot: Slot(.video), epoch: 0, instant: .zero, valid: 1, width: width, height: 1, place: 0)
      .write(to: &wire)
    #expect(throws: WireError.self) { try PlacedPicture(message: wire.bytes) }
  }

  @Test func aRatioIsNeverZeroOrNegative() {
    for (numerator, denominator) in [(0, 1), (1, 0), (-1, 1)] as [(Int64, Int64)] {
      var wire = WireWriter()
      numerator.write(to: &wire)
      denominator.write(to: &wire)
      #expect(throws: WireError.self) { try Ratio(message: wire.bytes) }
    }
  }
}
