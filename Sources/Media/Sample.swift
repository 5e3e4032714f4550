// What leaves Decode: decoded media with the stamps that the container gave; nothing inferred.
// Stamps are ticks of the track's time base.

/// Mono sound at the source's own rate.
package struct DecodedSound: Sendable {
  package var pts: Int64?
  package var samples: [Float]
  package var rate: Int
  /// Samples that the container signals as padding, at the start and at the end.
  package var skipStart: Int
  package var skipEnd: Int
  package var isCorrupt: Bool

  package init(
    pts: Int64?, samples: [Float], rate: Int, skipStart: Int = 0, skipEnd: Int = 0, isCorrupt: Bool = false
  ) {
    self.pts = pts
    self.samples = samples
    self.rate = rate
    self.skipStart = skipStart
    self.skipEnd = skipEnd
    self.isCorrupt = isCorrupt
  }
}

/// The decoder's own handle of a picture, which only the decoder's room can look into.
package protocol PictureImage: AnyObject {}

/// A picture in display order. Its image is nil when it was passed over because no instant of the grid falls on it.
package struct DecodedPicture {
  package var pts: Int64?
  /// Decoding stamp: what is left of order where there is no `pts`.
  package var dts: Int64?
  /// Declared duration; 0 when unknown.
  package var duration: Int64
  package var image: (any PictureImage)?
  package var isCorrupt: Bool

  package init(pts: Int64?, dts: Int64? = nil, duration: Int64 = 0, image: (any PictureImage)?, isCorrupt: Bool = false)
  {
    self.pts = pts
    self.dts = dts
    self.duration = duration
    self.image = image
    self.isCorrupt = isCorrupt
  }
}

/// A subtitle cue, cleaned of tags.
package struct DecodedCue: Hashable, Sendable {
  package var pts: Int64
  /// Nil: until the next cue.
  package var duration: Int64?
  package var text: String

  package init(pts: Int64, duration: Int64?, text: String) {
    self.pts = pts
    self.duration = duration
    self.text = text
  }
}
