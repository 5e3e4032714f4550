import Media

/// Sound at the beginning of a line, kept until its stamps have told where it begins. One stamp is never trusted
/// alone: the line is that of the first stamp that another agrees with, and sound before it is counted back.
struct SoundOpening {
  private(set) var sounds: [DecodedSound] = []

  var isEmpty: Bool { sounds.isEmpty }
  var rate: Int? { sounds.first?.rate }

  /// Enough stamps to know the anchor well; or half a second of sound, and two seconds when stamps disagree.
  /// - Parameter bounds: where a stamp's truth lies.
  func isReady(_ bounds: (Int64) -> Bounds) -> Bool {
    let stamps = sounds.count { $0.pts != nil }
    let samples = sounds.reduce(0) { $0 + $1.samples.count }
    guard let rate, stamps < 8, samples < 2 * rate else { return true }
    return 2 * samples >= rate && (stamps == 0 || supported(bounds) != nil)
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
    let stamps = stamps(bounds)
    let first = stamps.first.map { AnchorLine($0.bounds, index: $0.index, rate: rate) }
    guard var line = supported(bounds) ?? first else { return AnchorLine(Bounds(.zero), index: 0, rate: rate) }
    for stamp in stamps { line = line.narrowed(by: stamp.bounds, samplesAhead: stamp.index) ?? line }
    return line
  }

  /// The line of the first stamp that another agrees with.
  private func supported(_ bounds: (Int64) -> Bounds) -> AnchorLine? {
    let stamps = stamps(bounds)
    let proposals = stamps.map { AnchorLine($0.bounds, index: $0.index, rate: rate ?? 1) }
    let first = proposals.indices.first { n in
      stamps[(n + 1)...].contains { proposals[n].narrowed(by: $0.bounds, samplesAhead: $0.index) != nil }
    }
    return first.map { proposals[$0] }
  }

  /// Each stamp, with the number of the sample that it stands for.
  private func stamps(_ bounds: (Int64) -> Bounds) -> [(bounds: Bounds, index: Int64)] {
    var index: Int64 = 0
    return sounds.compactMap { sound in
      defer { index += Int64(sound.samples.count) }
      return sound.pts.map { (bounds($0), index) }
    }
  }
}
