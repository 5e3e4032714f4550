import Media

/// Sound at the beginning of a line, kept until its stamps have told where it begins. One stamp is never trusted
/// alone: the line is that of the first stamp that another agrees with, and sound before it is counted back.
struct SoundOpening {
  private(set) var sounds: [DecodedSound] = []

  var isEmpty: Bool { sounds.isEmpty }
  var rate: Int? { sounds.first?.rate }

  /// Enough stamps to know the anchor well, or as much sound as may wait for them.
  var isReady: Bool {
    sounds.count { $0.pts != nil } >= 8 || 2 * sounds.reduce(0) { $0 + $1.samples.count } >= rate ?? 0
  }

  mutating func add(_ sound: DecodedSound) { sounds.append(sound) }

  mutating func take() -> [DecodedSound] {
    defer { sounds = [] }
    return sounds
  }

  /// The line on which the first sample is number 0; that of a source without stamps begins at 0.
  /// - Parameter bounds: where a stamp's truth lies.
  func line(_ bounds: (Int64) -> Bounds) -> AnchorLine? {
    guard let rate else { return nil }
    var stamps: [(bounds: Bounds, index: Int64)] = []
    var index: Int64 = 0
    for sound in sounds {
      if let pts = sound.pts { stamps.append((bounds(pts), index)) }
      index += Int64(sound.samples.count)
    }
    let proposals = stamps.map { AnchorLine($0.bounds, index: $0.index, rate: rate) }
    let chosen = proposals.indices.first { n in
      stamps[(n + 1)...].contains { proposals[n].narrowed(by: $0.bounds, samplesAhead: $0.index) != nil }
    }
    guard var line = chosen.map({ proposals[$0] }) ?? proposals.first else {
      return AnchorLine(Bounds(.zero), index: 0, rate: rate)
    }
    for stamp in stamps { line = line.narrowed(by: stamp.bounds, samplesAhead: stamp.index) ?? line }
    return line
  }
}
