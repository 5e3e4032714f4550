import Media

/// All picture tracks of a source: who encodes which picture.
///
/// Where the model encodes each picture by itself, one encoder serves all tracks, and pictures may be encoded before
/// they are needed, several at once. Else every track has an encoder of its own, which sees its pictures in order.
struct PictureDesk {
  private let model: any Model
  private let rate: Ratio
  /// Nil: every new picture is encoded.
  private var reuse: PictureReuse?
  private let looksAhead: Bool
  private var tracks: [Slot: PictureTrack] = [:]
  private var encoders: [Slot: any FeatureEncoder<RGBImage>] = [:]
  private var shared: (any FeatureEncoder<RGBImage>)?
  private var ahead = PicturesAhead()

  /// - Parameters:
  ///   - rate: pictures per second of the grid.
  ///   - together: whether pictures may be encoded together.
  init(_ model: any Model, rate: Ratio, _ reuse: PictureReuse?, together: Bool) {
    self.model = model
    self.rate = rate
    self.reuse = reuse
    looksAhead = together && model.encodesPicturesAlone
  }

  /// The new pictures among items to come. None where they must not be encoded together.
  func wishes(_ items: [Item], from whereabouts: Whereabouts) -> PicturesAhead {
    var ahead = PicturesAhead()
    guard looksAhead else { return ahead }
    var (whereabouts, reuse) = (whereabouts, reuse)
    for item in items {
      if case .mark(let mark) = item { whereabouts.note(mark) }
      let isReused = reuse?.foresees(item) ?? false
      guard case .picture(let picture) = item, !isReused else { continue }
      let isShown = tracks[picture.slot]?.isShowing(picture.image) ?? false
      if !isShown { ahead.wish(whereabouts.input(picture, rate: rate)) }
    }
    ahead.lumas = reuse?.measured ?? []
    return ahead
  }

  /// Encodes what is wished for, where that is more than one.
  mutating func encode(_ ahead: inout PicturesAhead) throws {
    guard ahead.wishes.count > 1, try prepare() else { return }
    for (input, features) in zip(ahead.wishes, try shared!.encode(ahead.wishes)) { ahead.know(input.content, features) }
  }

  /// What follows up to `endBatch` was looked ahead to, and need not be encoded or measured again.
  mutating func beginBatch(knowing ahead: PicturesAhead) {
    self.ahead = ahead
    reuse?.measured = ahead.lumas
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

  /// Nothing encoded in advance is needed any more.
  mutating func endBatch() {
    ahead = PicturesAhead()
    reuse?.measured = []
  }

  private mutating func look(_ input: EncoderInput<RGBImage>) throws -> Features? {
    if let known = ahead.answer(for: input.content) { return known }
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
