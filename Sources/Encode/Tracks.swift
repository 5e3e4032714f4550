import Media

/// The sound of one track in one epoch: cut into chunks, then encoded.
struct SoundTrack {
  let source: String
  let slot: Slot
  let epoch: Int32
  private var framer: SoundFramer
  private var encoder: any FeatureEncoder<SoundChunk>

  init(source: String, slot: Slot, epoch: Int32, needs: SoundNeeds, encoder: any FeatureEncoder<SoundChunk>) {
    self.source = source
    self.slot = slot
    self.epoch = epoch
    framer = SoundFramer(needs)
    self.encoder = encoder
  }

  mutating func accept(_ run: AudioRun) throws -> [Encoded] {
    try framer.check(run)
    let before = try encode(knowing: run.firstSample)
    framer.append(run)
    return before + (try encode(knowing: framer.end))
  }

  /// Nothing before the instant is still to come.
  mutating func reach(_ instant: Instant) throws -> [Encoded] {
    try encode(knowing: instant == .end ? framer.whole : instant.firstIndex(rate: rate))
  }

  mutating func finish() throws -> [Encoded] { try encode(knowing: framer.whole) }

  /// No later step begins before this instant.
  var complete: Instant { Instant(index: framer.complete, rate: rate) }

  private var rate: Ratio { Ratio(Int64(framer.needs.rate)) }

  /// Samples of the chunks that are alive at once, unless a single one has more.
  private static let samplesAtOnce = 1 << 24

  /// All steps that are ready, from a few chunks at a time.
  private mutating func encode(knowing known: Int64) throws -> [Encoded] {
    let count = max(1, Self.samplesAtOnce / framer.needs.receptive)
    var steps: [Encoded] = []
    while true {
      let chunks = framer.cut(count, knowing: known)
      if chunks.isEmpty { return steps }
      steps += try encode(chunks)
    }
  }

  private mutating func encode(_ chunks: [SoundChunk]) throws -> [Encoded] {
    let inputs = chunks.map { chunk in
      EncoderInput(
        chunk, source: source, slot: slot, epoch: epoch, interval: framer.needs.interval(chunk.index))
    }
    return zip(inputs, try encoder.encode(inputs)).flatMap { encoded($0, $1) }
  }

  /// One step for each part that holds content.
  private func encoded(_ input: EncoderInput<SoundChunk>, _ features: Features?) -> [Encoded] {
    guard let features else { return [input.encoded(nil, valid: 0)] }
    let (needs, size) = (framer.needs, features.vector.count / framer.needs.parts)
    return (0..<needs.parts).compactMap { part in
      let valid = input.content.valid(part: part, of: needs.parts)
      guard valid > 0 || needs.parts == 1 else { return nil }
      return .step(
        Step(
          slot: slot, epoch: epoch, interval: needs.interval(input.content.index, part: part), valid: valid,
          vector: Array(features.vector[part * size..<(part + 1) * size]), quality: features.quality))
    }
  }
}

/// The pictures of one track in one epoch: a picture that is still on screen is not encoded again.
struct PictureTrack {
  /// The picture encoded last, kept alive so that its storage cannot become another picture's. One without features
  /// is not tried again while it is on screen.
  private var last: (image: RGBImage, features: Features?)?

  /// One step, from the picture's instant to the next of the grid.
  /// - Parameters:
  ///   - isReused: it takes over what the picture encoded last gave, which gave something.
  ///   - again: what a picture still on screen gives, from what it gave before.
  ///   - look: what a new picture gives.
  mutating func accept(
    _ input: EncoderInput<RGBImage>, valid: Float, isReused: Bool, again: (Features) -> Features,
    look: (EncoderInput<RGBImage>) throws -> Features?
  ) rethrows -> Encoded {
    if isReused, let features = last?.features {
      return input.encoded(again(features), valid: valid, isReused: true)
    }
    let features: Features?
    if let last, last.image.isSameStorage(as: input.content) {
      features = last.features.map(again)
    } else {
      features = try look(input)
      last = (input.content, features)
    }
    return input.encoded(features, valid: valid)
  }

  func isShowing(_ image: RGBImage) -> Bool { last?.image.isSameStorage(as: image) ?? false }
}
