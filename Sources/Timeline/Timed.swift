package import Media

/// What Timekeeper makes of decoded samples: content with its exact place in an epoch. Sound is still at the
/// source's rate and pictures still in the decoder's hands; everything else is ready to cross the seam.
package enum Timed {
  case sound(TimedSound)
  case picture(TimedPicture)
  case mark(Mark)
}

/// An unbroken stretch of sound on its epoch's sample grid.
package struct TimedSound: Sendable {
  package var slot: Slot
  package var epoch: Int32
  /// First sample's number on the grid of `rate` from the epoch's zero.
  package var firstSample: Int64
  package var rate: Int
  package var samples: [Float]

  package var interval: Interval {
    let rate = Ratio(1, Int64(rate)).inverse
    return Interval(
      Instant(index: firstSample, rate: rate), Instant(index: firstSample + Int64(samples.count), rate: rate))
  }
}

/// A picture and the instants of the grid at which it is on screen.
package struct TimedPicture {
  package var slot: Slot
  package var epoch: Int32
  package var interval: Interval
  package var pts: Int64?
  package var isInferred: Bool
  package var image: (any PictureImage)?
  /// Each with 1 when the picture still counts then, 0 when it is shown over a gap.
  package var instants: [(instant: Instant, valid: Float)]
}
