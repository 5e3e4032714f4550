import Media

/// All picture tracks of a source: who encodes which picture.
///
/// Where the model encodes each picture by itself, one encoder serves all tracks, and `lookAhead` lets it take the
/// pictures of a whole batch at once. Else every track has an encoder of its own, which sees its pictures in order.
struct PictureDesk {
  private let model: any Model
  private let rate: Ratio
  /// Nil: every new picture is encoded.
  private var reuse: PictureReuse?
  private var tracks: [Slot: PictureTrack] = [:]
  private var encoders: [Slot: any FeatureEncoder<RGBImage>] = [:]
  private var shared: (any FeatureEncoder<RGBImage>)?
  /// Encoded in advance, in the order in which they will be asked for.
  private var ready: [(image: RGBImage, features: Features?)] = []

  /// rate: pictures per second of the grid.
  init(_ model: any Model, rate: Ratio, _ reuse: PictureReuse?) {
    self.model = model
    self.rate = rate
    self.reuse = reuse
  }

  /// Encodes the new pictures among `items` together.
  mutating func lookAhead(_ items: [Item], from whereabouts: Whereabouts) throws {
    guard model.encodesPicturesAlone else { return }
    var (whereabouts, ahead) = (whereabouts, reuse)
    defer { if let ahead { reuse?.learn(from: ahead) } }
    var inputs: [EncoderInput<RGBImage>] = []
    for item in items {
      if case .mark(let mark) = item { whereabouts.note(mark) }
      let isReused = ahead?.foresees(item) ?? false
      guard case .picture(let picture) = item, !isReused else { continue }
      let isKnown = tracks[picture.slot]?.isShowing(picture.image) ?? false
      if !isKnown, !inputs.contains(where: { $0.content.isSameStorage(as: picture.image) }) {
        inputs.append(whereabouts.input(picture, rate: rate))
      }
    }
    guard inputs.count > 1, try prepare() else { return }
    ready = Array(zip(inputs.map(\.content), try shared!.encode(inputs)))
  }

  /// Nil where the model has no encoder for pictures.
  mutating func accept(_ picture: Picture, _ whereabouts: Whereabouts) throws -> Encoded? {
    guard try prepare(picture.slot) else { return nil }
    var track = tracks[picture.slot] ?? PictureTrack()
    defer { tracks[picture.slot] = track }
    let encoded = try track.accept(
      whereabouts.input(picture, rate: rate), valid: picture.valid, isReused: reuse?.takesOver(picture) ?? false,
      again: { again($0, picture.slot) }, look: { try look($0) })
    if case .lost = encoded { reuse?.disown(picture.slot) }
    return encoded
  }

  /// The epoch is over. What was encoded in advance stays: it belongs to those that follow.
  mutating func forget() {
    tracks = [:]
    encoders = [:]
    reuse?.forget()
  }

  /// Nothing encoded in advance is asked for any more.
  mutating func endBatch() {
    ready = []
    reuse?.endBatch()
  }

  private mutating func look(_ input: EncoderInput<RGBImage>) throws -> Features? {
    if let known = ready.first(where: { $0.image.isSameStorage(as: input.content) }) { return known.features }
    return model.encodesPicturesAlone ? try shared!.encode(input) : try encoders[input.slot]!.encode(input)
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
