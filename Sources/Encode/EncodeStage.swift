package import Media

/// Items in, steps and marks out: every picture and every stretch of sound is encoded once.
///
/// Marks pass in their order. `reached` of a sound track is moved back to the instant before which all its steps
/// are out; `closed` comes after the last step of its epoch, whose tail is zero-padded and masked. Nothing is
/// carried over from one epoch or source to the next.
package struct EncodeStage: Stage {
  private let model: any Model
  private var epoch: Int32 = 0
  private var sounds: [Slot: SoundTrack] = [:]
  private var pictures: PictureDesk
  private var whereabouts = Whereabouts()
  private var reader: (any FeatureEncoder<String>)?

  /// - Parameters:
  ///   - pictureRate: pictures per second of the grid.
  ///   - reuse: for models that encode each picture by itself; nil: every picture is encoded.
  ///   - together: whether such models may encode several at once, which changes the last bits of their vectors.
  package init(_ model: any Model, pictureRate: Ratio, reuse: PictureReuse? = nil, together: Bool = true) {
    precondition(reuse == nil || model.encodesPicturesAlone, "the model must see every picture")
    self.model = model
    pictures = PictureDesk(model, rate: pictureRate, reuse, together: together)
  }

  /// As one by one, but pictures of a batch may be encoded together.
  package mutating func accept(_ items: [Item]) throws -> [Encoded] {
    var ahead = wishes(items)
    try pictures.encode(&ahead)
    return try accept(items, knowing: ahead)
  }

  /// The pictures among items to come that are to be encoded, for one who does that for several stages together.
  package func wishes(_ items: [Item]) -> PicturesAhead { pictures.wishes(items, from: whereabouts) }

  /// As one by one, but pictures that were encoded in advance are not encoded again. What was wished for may be
  /// accepted in parts.
  package mutating func accept(_ items: [Item], knowing ahead: PicturesAhead) throws -> [Encoded] {
    pictures.beginBatch(knowing: ahead)
    defer { pictures.endBatch() }
    var encoded: [Encoded] = []
    for item in items { encoded += try accept(item) }
    return encoded
  }

  /// Throws `SeamError`, and what the model's encoders throw.
  package mutating func accept(_ item: Item) throws -> [Encoded] {
    switch item {
    case .sound(let run): try hear(run)
    case .picture(let picture): try see(picture)
    case .mark(let mark): try pass(mark)
    }
  }

  /// Flushes an epoch that was never closed.
  package mutating func finish() throws -> [Encoded] {
    let steps = try flush()
    forget()
    return steps
  }
}

/// What came over the seam breaks its promises: the source cannot be trusted any further.
package enum SeamError: Error, Equatable, CustomStringConvertible {
  case epoch(Int32, open: Int32)
  case rate(Int, wanted: Int)
  case order(firstSample: Int64, expected: Int64)

  package var description: String {
    switch self {
    case .epoch(let index, let open): "take content: epoch \(index) while epoch \(open) is open"
    case .rate(let rate, let wanted): "take sound: \(rate) Hz instead of \(wanted) Hz"
    case .order(let first, let expected): "take sound: sample \(first) where \(expected) or later was due"
    }
  }
}

extension EncodeStage {
  private mutating func hear(_ run: AudioRun) throws -> [Encoded] {
    guard run.epoch == epoch else { throw SeamError.epoch(run.epoch, open: epoch) }
    return try listen(run.slot) { try $0.accept(run) }
  }

  private mutating func see(_ picture: Picture) throws -> [Encoded] {
    guard picture.epoch == epoch else { throw SeamError.epoch(picture.epoch, open: epoch) }
    return try pictures.accept(picture, whereabouts).map { [$0] } ?? []
  }

  private mutating func pass(_ mark: Mark) throws -> [Encoded] {
    whereabouts.note(mark)
    switch mark {
    case .opened:
      forget()
      epoch = 0
    case .epoch(let opened):
      forget()
      epoch = opened.index
    case .reached(let slot, let instant) where slot.modality == .audio:
      return try reach(slot, instant)
    case .closed:
      let steps = try flush()
      forget()
      return steps + [.mark(mark)]
    case .cue(let cue): return try read(cue) + [.mark(mark)]
    default: break
    }
    return [.mark(mark)]
  }

  /// A cue is encoded once, however many windows it overlaps.
  private mutating func read(_ cue: Cue) throws -> [Encoded] {
    if reader == nil { reader = try model.makeTextEncoder() }
    guard reader != nil else { return [] }
    let input = EncoderInput(
      cue.text, source: whereabouts.source, slot: cue.slot, epoch: cue.epoch, interval: cue.interval)
    return [input.encoded(try reader!.encode(input), valid: 1)]
  }

  /// Forwards the watermark of a sound track as far as its steps are out.
  private mutating func reach(_ slot: Slot, _ instant: Instant) throws -> [Encoded] {
    let steps = try listen(slot) { try $0.reach(instant) }
    let complete = instant == .end ? .end : sounds[slot]?.complete ?? instant
    return steps + [.mark(.reached(slot, complete))]
  }

  /// Lets the slot's sound track, made when first needed, do its work; no work without a sound encoder.
  private mutating func listen(_ slot: Slot, _ work: (inout SoundTrack) throws -> [Encoded]) throws -> [Encoded] {
    if sounds[slot] == nil {
      guard let needs = model.sound, let encoder = try model.makeSoundEncoder() else { return [] }
      sounds[slot] = SoundTrack(
        source: whereabouts.source, slot: slot, epoch: epoch, needs: needs, encoder: encoder)
    }
    return try work(&sounds[slot]!)
  }

  /// The remaining steps of all sound tracks, slot by slot.
  private mutating func flush() throws -> [Encoded] {
    try sounds.keys.sorted { $0.number < $1.number }.flatMap { slot in try listen(slot) { try $0.finish() } }
  }

  private mutating func forget() {
    sounds = [:]
    pictures.forget()
  }
}
