import Media

/// All picture tracks of a source: who encodes which picture.
///
/// Where the model encodes each picture by itself, one encoder serves all tracks, and `lookAhead` lets it take the
/// pictures of a whole batch at once. Else every track has an encoder of its own, which sees its pictures in order.
struct PictureDesk {
  private let model: any Model
  private let rate: Ratio
  private var tracks: [Slot: PictureTrack] = [:]
  private var encoders: [Slot: any FeatureEncoder<RGBImage>] = [:]
  private var shared: (any FeatureEncoder<RGBImage>)?
  /// Encoded in advance, in the order in which they will be asked for.
  private var ready: [(image: RGBImage, features: Features)] = []

  /// rate: pictures per second of the grid.
  init(_ model: any Model, rate: Ratio) {
    self.model = model
    self.rate = rate
  }

  /// Encodes the new pictures among `items` together.
  mutating func lookAhead(_ items: [Item]) throws {
    guard model.encodesPicturesAlone else { return }
    var images: [RGBImage] = []
    for case .picture(let picture) in items {
      let isKnown = tracks[picture.slot]?.isShowing(picture.image) ?? false
      if !isKnown, !images.contains(where: { $0.isSameStorage(as: picture.image) }) { images.append(picture.image) }
    }
    guard images.count > 1, try prepare() else { return }
    ready = Array(zip(images, try shared!.encode(images)))
  }

  /// Nil where the model has no encoder for pictures.
  mutating func accept(_ picture: Picture) throws -> Step? {
    guard try prepare(picture.slot) else { return nil }
    var track = tracks[picture.slot] ?? PictureTrack()
    defer { tracks[picture.slot] = track }
    return try track.accept(
      picture, rate: rate, again: { again($0, picture.slot) }, look: { try look($0, picture.slot) })
  }

  /// The epoch is over. What was encoded in advance stays: it belongs to those that follow.
  mutating func forget() {
    tracks = [:]
    encoders = [:]
  }

  /// Nothing encoded in advance is asked for any more.
  mutating func endBatch() { ready = [] }

  private mutating func look(_ image: RGBImage, _ slot: Slot) throws -> Features {
    if let known = ready.first(where: { $0.image.isSameStorage(as: image) }) { return known.features }
    return model.encodesPicturesAlone ? try shared!.encode(image) : try encoders[slot]!.encode(image)
  }

  private func again(_ features: Features, _ slot: Slot) -> Features {
    (model.encodesPicturesAlone ? shared : encoders[slot])!.again(features)
  }

  /// Makes the encoder that the slot needs; false where there is none.
  private mutating func prepare(_ slot: Slot) throws -> Bool {
    if model.encodesPicturesAlone { return try prepare() }
    if encoders[slot] == nil { encoders[slot] = try model.makePictureEncoder() }
    return encoders[slot] != nil
  }

  private mutating func prepare() throws -> Bool {
    if shared == nil { shared = try model.makePictureEncoder() }
    return shared != nil
  }
}
