import Media

@testable import Timeline

let sound = Slot(.audio)
let picture = Slot(.video)
let words = Slot(.text)
/// One character of a drawing.
let beat = TimeSpan(milliseconds: 100)

/// Plays drawn tracks to a Timekeeper as the left of the seam does: packets in the order of their drawing, those
/// of a waiting track held back.
///
/// One character is a tenth of a second: `a` sound, `v` a picture, `.` nothing. Pictures are numbered from 0.
struct Player {
  enum Packet {
    case sound(DecodedSound)
    case picture(DecodedPicture)
  }

  static let rate = 8000
  private(set) var keeper: Timekeeper
  private(set) var output: [Timed] = []
  private var held: [(slot: Slot, packet: Packet)] = []
  private var pictures = 0
  private let timings: [Slot: TrackTiming]

  /// - Parameter timings: by default MPEG-TS: 90 kHz, 33 bits.
  init(
    _ timings: [(slot: Slot, timing: TrackTiming)] = [(sound, .transport), (picture, .transport)],
    jitterWait: TimeSpan? = nil, continuation: Continuation? = nil
  ) {
    keeper = Timekeeper(
      timings, pictureRate: Ratio(10), stillLength: TimeSpan(seconds: 2), jitterWait: jitterWait,
      continuation: continuation)
    self.timings = Dictionary(timings.map { ($0.slot, $0.timing) }, uniquingKeysWith: { first, _ in first })
  }

  /// Plays from `start` of the tracks' own time, in milliseconds.
  mutating func play(audio: String = "", video: String = "", at start: Int64 = 0) {
    let (audio, video) = (Array(audio), Array(video))
    for n in 0..<max(audio.count, video.count) {
      let time = TimeSpan(milliseconds: start) + beat * Int64(n)
      if n < video.count, video[n] == "v" { show(at: time) }
      if n < audio.count, audio[n] == "a" { hear(at: time) }
    }
  }

  mutating func hear(at time: TimeSpan, milliseconds: Int = 100) {
    let samples = [Float](repeating: 1, count: Self.rate * milliseconds / 1000)
    push(.sound(DecodedSound(pts: stamp(time, sound), samples: samples, rate: Self.rate)), sound)
  }

  mutating func show(at time: TimeSpan, duration: Int64 = 0) {
    push(.picture(DecodedPicture(pts: stamp(time, picture), duration: duration, image: Numbered(pictures))), picture)
    pictures += 1
  }

  mutating func push(_ packet: Packet, _ slot: Slot) {
    held.append((slot, packet))
    drain()
  }

  mutating func say(_ text: String, at pts: Int64, for duration: Int64?) {
    output += keeper.accept(DecodedCue(pts: pts, duration: duration, text: text), words)
  }

  /// The source has been waited for so long.
  mutating func pass(milliseconds: Int64) { output += keeper.passTime(TimeSpan(milliseconds: milliseconds)) }

  /// The sender's reports have come, or are missed.
  mutating func setLocked(_ isLocked: Bool) { keeper.setLocked(isLocked) }

  mutating func noteWall(_ offset: TimeSpan) { keeper.noteWall(offset) }

  mutating func end(_ slot: Slot) { output += keeper.end(slot) }

  /// Gives up waiting for a track that stays silent.
  mutating func stopWaiting(_ reason: Timekeeper.Impatience = .tired) {
    output += keeper.stopWaiting(reason)
    drain()
  }

  /// Whether packets of some track wait for another.
  var isHolding: Bool { !held.isEmpty }

  mutating func finish() -> Played {
    while !held.isEmpty {
      let before = held.count
      stopWaiting(.over)
      if held.count == before { break }
    }
    output += keeper.finish()
    return Played(output: output, counters: keeper.counters)
  }

  private mutating func drain() {
    while let n = held.firstIndex(where: { !keeper.isWaiting($0.slot) }) {
      let (slot, packet) = held.remove(at: n)
      switch packet {
      case .sound(let sound): output += keeper.accept(sound, slot)
      case .picture(let picture): output += keeper.accept(picture, slot)
      }
    }
  }

  mutating func straightened(_ time: TimeSpan, _ slot: Slot) -> Int64 { stamp(time, slot)! }

  /// The stamp as it stands in the source, and as the keeper straightens it.
  private mutating func stamp(_ time: TimeSpan, _ slot: Slot) -> Int64? {
    let timing = timings[slot]!
    let ticks = time.ticks(timing.timeBase)
    return keeper.unwrap(slot, pts: timing.wrapBits < 63 ? ticks & (1 << timing.wrapBits - 1) : ticks, dts: nil).pts!
  }
}

extension TrackTiming {
  static let transport = TrackTiming(
    timeBase: Ratio(1, 90_000), wrapBits: 33, nominalInterval: TimeSpan(milliseconds: 100))
  static let reported = {
    var timing = TrackTiming(timeBase: Ratio(1, 90_000), precision: .cutOff)
    timing.needsReports = true
    return timing
  }()
  static let milliseconds = TrackTiming(timeBase: Ratio(1, 1000), precision: .rounded)
}

/// What a Timekeeper made of a drawing, drawn again.
struct Played {
  let output: [Timed]
  let counters: Counters

  var marks: [Mark] { output.compactMap { if case .mark(let mark) = $0 { mark } else { nil } } }
  var epochs: [Epoch] { marks.compactMap { if case .epoch(let epoch) = $0 { epoch } else { nil } } }
  var ends: [Instant] { marks.compactMap { if case .closed(_, let end) = $0 { end } else { nil } } }
  var cues: [Cue] { marks.compactMap { if case .cue(let cue) = $0 { cue } else { nil } } }
  var shown: [ShownFrame] { marks.compactMap { if case .shown(let frame) = $0 { frame } else { nil } } }
  var sounds: [TimedSound] { output.compactMap { if case .sound(let sound) = $0 { sound } else { nil } } }
  var pictures: [TimedPicture] {
    output.compactMap { if case .picture(let picture) = $0 { picture } else { nil } }
  }

  func coverages(_ slot: Slot, epoch: Int32 = 0) -> [Coverage] {
    marks.compactMap { mark in
      guard case .covered(let coverage) = mark, coverage.slot == slot, coverage.epoch == epoch else { return nil }
      return coverage
    }
  }

  /// `a` where sound covers a tenth of a second, `.` where none is, `:` in between.
  func audio(epoch: Int32 = 0) -> String {
    drawn(coverages(sound, epoch: epoch).map(\.interval), full: "a")
  }

  /// The number of the frame shown at each tenth of a second (its last digit); `-` when it is masked, `.` when none
  /// is shown.
  func video(epoch: Int32 = 0) -> String {
    var line: [Character] = []
    for picture in pictures where picture.epoch == epoch {
      for (instant, valid) in picture.instants {
        let at = Int(instant.nearestIndex(rate: Ratio(10)))
        while line.count < at { line.append(".") }
        line.append(valid > 0 ? Character("\(picture.image.number! % 10)") : "-")
      }
    }
    return String(line)
  }

  private func drawn(_ intervals: [Interval], full: Character) -> String {
    guard let end = intervals.map(\.end).max() else { return "" }
    return String(
      (0..<end.firstIndex(rate: Ratio(10))).map { n -> Character in
        let bin = Interval(Instant(index: n, rate: Ratio(10)), Instant(index: n + 1, rate: Ratio(10)))
        let covered = intervals.reduce(TimeSpan.zero) { $0 + $1.overlap(bin) }
        return covered == .zero ? "." : covered == bin.length ? full : ":"
      })
  }
}

func seconds(_ count: Int64) -> TimeSpan { TimeSpan(seconds: count) }
func milliseconds(_ count: Int64) -> TimeSpan { TimeSpan(milliseconds: count) }

/// A picture that is only a number.
final class Numbered: PictureImage {
  let number: Int
  init(_ number: Int) { self.number = number }
}

extension Optional where Wrapped == any PictureImage {
  var number: Int? { (self as? Numbered)?.number }
}
