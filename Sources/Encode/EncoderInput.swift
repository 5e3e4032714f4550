package import Media

/// One input of an encoder, and the place in its source for which the answer stands.
package struct EncoderInput<Content> {
  package var content: Content
  /// The source's name.
  package var source: String
  package var slot: Slot
  package var epoch: Int32
  /// What the step covers; of a sound chunk, its hop.
  package var interval: Interval
  /// Native stamp of a picture's frame and its unit, where known.
  package var stamp: Stamp?

  package struct Stamp: Hashable, Sendable {
    package var pts: Int64
    package var timeBase: Ratio
  }

  /// By default the first second of the first track of nothing in particular.
  package init(
    _ content: Content, source: String = "", slot: Slot, epoch: Int32 = 0,
    interval: Interval = Interval(.zero, .zero + TimeSpan(seconds: 1)), stamp: Stamp? = nil
  ) {
    self.content = content
    self.source = source
    self.slot = slot
    self.epoch = epoch
    self.interval = interval
    self.stamp = stamp
  }
}

extension EncoderInput: Sendable where Content: Sendable {}

extension EncoderInput {
  /// The step that the features are; where there are none, that there is no step.
  func encoded(_ features: Features?, valid: Float, isReused: Bool = false) -> Encoded {
    guard let features else { return .lost(slot, epoch: epoch, interval) }
    return .step(
      Step(
        slot: slot, epoch: epoch, interval: interval, valid: valid, vector: features.vector, quality: features.quality,
        isReused: isReused))
  }
}

/// What the marks that have passed say of the content that follows them.
struct Whereabouts {
  private(set) var source = ""
  private var shown: [Slot: ShownFrame] = [:]

  mutating func note(_ mark: Mark) {
    switch mark {
    case .opened(let info): (source, shown) = (info.name, [:])
    case .shown(let frame): shown[frame.slot] = frame
    default: break
    }
  }

  /// rate: pictures per second of the grid.
  func input(_ picture: Picture, rate: Ratio) -> EncoderInput<RGBImage> {
    let next = Instant(index: picture.instant.nearestIndex(rate: rate) + 1, rate: rate)
    let frame = shown[picture.slot].flatMap { $0.epoch == picture.epoch ? $0 : nil }
    return EncoderInput(
      picture.image, source: source, slot: picture.slot, epoch: picture.epoch,
      interval: Interval(picture.instant, next),
      stamp: frame.flatMap { frame in frame.pts.map { .init(pts: $0, timeBase: frame.timeBase) } })
  }
}
