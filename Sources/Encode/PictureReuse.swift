package import Media

/// Which pictures take over the vector of one before them: those whose luma hardly differs from it.
///
/// Each picture is compared with the last of its track that was *encoded*, so that small steps do not add up. The
/// first of every ten seconds of an epoch is encoded anyway: no vector grows old, and whoever begins to read that far
/// before a window decides as one who has read everything.
package struct PictureReuse: Sendable {
  /// How long one picture may stand for others, at most.
  package static let renewal = TimeSpan(seconds: 10)

  /// Grey levels, 0…255.
  private let limit: Double
  private var references: [Slot: Reference] = [:]
  private var meter = LumaMeter()
  /// Pictures whose lumas are known.
  var measured: [Measured] = []

  /// below: the mean absolute difference of two lumas, in grey levels, that is too large; 0 to 255.
  package init(below limit: Double) {
    precondition((0...255).contains(limit), "grey levels")
    self.limit = limit
  }

  /// Whether the picture takes over the vector of the one that was encoded last; else it is that one from now on, if
  /// it gets a vector.
  mutating func takesOver(_ picture: Picture) -> Bool {
    let turn = picture.instant.flicks / Self.renewal.flicks
    let reference = references[picture.slot]
    if let reference, reference.image.isSameStorage(as: picture.image) {
      references[picture.slot]!.turn = turn
      return false
    }
    let luma = luma(of: picture.image)
    if let reference, reference.turn == turn, difference(reference.luma, luma) < limit { return true }
    references[picture.slot] = Reference(image: picture.image, luma: luma, turn: turn)
    return false
  }

  /// `takesOver` for an item that is still to come, as if every picture got a vector. One that does
  /// not costs those that resemble it their place in the batch, nothing else.
  mutating func foresees(_ item: Item) -> Bool {
    switch item {
    case .picture(let picture):
      measure(picture.image)
      return takesOver(picture)
    case .mark(.opened), .mark(.epoch), .mark(.closed): forget()
    default: break
    }
    return false
  }

  /// The picture of the slot that was to be encoded got no vector: there is none to take over.
  mutating func disown(_ slot: Slot) { references[slot] = nil }

  /// The epoch is over.
  mutating func forget() { references = [:] }

  private mutating func measure(_ image: RGBImage) {
    guard !measured.contains(where: { $0.image.isSameStorage(as: image) }) else { return }
    measured.append(Measured(image: image, luma: meter.luma(of: image)))
  }

  private mutating func luma(of image: RGBImage) -> [UInt16] {
    measured.first { $0.image.isSameStorage(as: image) }?.luma ?? meter.luma(of: image)
  }

  /// The mean absolute difference in grey levels, exact: lumas are in sixteenths.
  private func difference(_ a: [UInt16], _ b: [UInt16]) -> Double {
    Double(Kernels.motion(a, b).reduce(0) { $0 + Int($1) }) / Double(16 * Kernels.area)
  }

  struct Measured {
    let image: RGBImage
    let luma: [UInt16]
  }

  /// A picture that was encoded, kept alive so that its storage cannot become another picture's.
  private struct Reference {
    let image: RGBImage
    let luma: [UInt16]
    /// Which ten seconds it was last shown in.
    var turn: Int64
  }
}
