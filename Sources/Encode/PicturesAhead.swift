package import Media

/// Pictures among items that a stage has still to accept: first those that it wishes to have encoded, then also what
/// they gave.
package struct PicturesAhead {
  /// Each once, in the order in which they will be needed.
  package private(set) var wishes: [EncoderInput<RGBImage>] = []
  private var known: [(image: RGBImage, features: Features?)] = []
  /// What was measured in looking ahead.
  var lumas: [PictureReuse.Measured] = []

  package init() {}

  mutating func wish(_ input: EncoderInput<RGBImage>) {
    if !wishes.contains(where: { $0.content.isSameStorage(as: input.content) }) { wishes.append(input) }
  }

  mutating func know(_ image: RGBImage, _ features: Features?) { known.append((image, features)) }

  /// What a picture gave: nothing, where it has been encoded without an answer; nil where it has not been encoded.
  func answer(for image: RGBImage) -> Features?? {
    known.first { $0.image.isSameStorage(as: image) }.map(\.features)
  }
}
