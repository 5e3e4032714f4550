import Media

/// The sound of one track in one epoch: cut into chunks, then encoded.
struct SoundTrack {
  let slot: Slot
  let epoch: Int32
  private var framer: SoundFramer
  private var encoder: any FeatureEncoder<SoundChunk>

  init(slot: Slot, epoch: Int32, needs: SoundNeeds, encoder: any FeatureEncoder<SoundChunk>) {
    self.slot = slot
    self.epoch = epoch
    framer = SoundFramer(needs)
    self.encoder = encoder
  }

  mutating func accept(_ run: AudioRun) throws -> [Step] { try encode(try framer.accept(run)) }

  /// Nothing before the instant is still to come.
  mutating func reach(_ instant: Instant) throws -> [Step] {
    try encode(instant == .end ? framer.finish() : framer.reached(instant.firstIndex(rate: rate)))
  }

  mutating func finish() throws -> [Step] { try encode(framer.finish()) }

  /// No later step begins before this instant.
  var complete: Instant { Instant(index: framer.complete, rate: rate) }

  private var rate: Ratio { Ratio(Int64(framer.needs.rate)) }

  private mutating func encode(_ chunks: [SoundChunk]) throws -> [Step] {
    let features = try encoder.encode(chunks)
    return zip(chunks, features).flatMap { steps($0, $1) }
  }

  /// One step for each part that holds content.
  private func steps(_ chunk: SoundChunk, _ features: Features) -> [Step] {
    let (needs, size) = (framer.needs, features.vector.count / framer.needs.parts)
    return (0..<needs.parts).compactMap { part in
      let valid = chunk.valid(part: part, of: needs.parts)
      guard valid > 0 || needs.parts == 1 else { return nil }
      return Step(
        slot: slot, epoch: epoch, interval: needs.interval(chunk.index, part: part), valid: valid,
        vector: Array(features.vector[part * size..<(part + 1) * size]), quality: features.quality)
    }
  }
}

/// The pictures of one track in one epoch: a picture that is still on screen is not encoded again.
struct PictureTrack {
  /// Kept alive, so that its storage cannot become another picture's.
  private var last: (image: RGBImage, features: Features)?

  /// One step, from the picture's instant to the next of the grid.
  /// - Parameters:
  ///   - rate: pictures per second.
  ///   - again: what a picture still on screen gives, from what it gave before.
  ///   - look: what a new picture gives.
  mutating func accept(
    _ picture: Picture, rate: Ratio, again: (Features) -> Features, look: (RGBImage) throws -> Features
  ) rethrows -> Step {
    let features: Features
    if let last, last.image.isSameStorage(as: picture.image) {
      features = again(last.features)
    } else {
      features = try look(picture.image)
      last = (picture.image, features)
    }
    let next = Instant(index: picture.instant.nearestIndex(rate: rate) + 1, rate: rate)
    return Step(
      slot: picture.slot, epoch: picture.epoch, interval: Interval(picture.instant, next), valid: picture.valid,
      vector: features.vector, quality: features.quality)
  }

  func isShowing(_ image: RGBImage) -> Bool { last?.image.isSameStorage(as: image) ?? false }
}

extension RGBImage {
  /// Whether both are copies of one value: a constant-time test that never confuses different pictures.
  func isSameStorage(as other: RGBImage) -> Bool {
    width == other.width && height == other.height && pixels.span.isIdentical(to: other.pixels.span)
  }
}
