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
    try chunks.map { chunk in
      let features = try encoder.encode(chunk)
      return Step(
        slot: slot, epoch: epoch, interval: framer.needs.interval(chunk.index), valid: chunk.valid,
        vector: features.vector, quality: features.quality)
    }
  }
}

/// The pictures of one track in one epoch: a picture that is still on screen is not encoded again.
struct PictureTrack {
  private var encoder: any FeatureEncoder<RGBImage>
  /// Kept alive, so that its storage cannot become another picture's.
  private var last: (image: RGBImage, features: Features)?

  init(encoder: any FeatureEncoder<RGBImage>) { self.encoder = encoder }

  /// One step, from the picture's instant to the next of the grid. rate: pictures per second.
  mutating func accept(_ picture: Picture, rate: Ratio) throws -> Step {
    let features = try look(picture.image)
    let next = Instant(index: picture.instant.nearestIndex(rate: rate) + 1, rate: rate)
    return Step(
      slot: picture.slot, epoch: picture.epoch, interval: Interval(picture.instant, next), valid: picture.valid,
      vector: features.vector, quality: features.quality)
  }

  private mutating func look(_ image: RGBImage) throws -> Features {
    if let last, last.image.isSameStorage(as: image) { return encoder.again(last.features) }
    let features = try encoder.encode(image)
    last = (image, features)
    return features
  }
}

extension RGBImage {
  /// Whether both are copies of one value: a constant-time test that never confuses different pictures.
  fileprivate func isSameStorage(as other: RGBImage) -> Bool {
    width == other.width && height == other.height && pixels.span.isIdentical(to: other.pixels.span)
  }
}
