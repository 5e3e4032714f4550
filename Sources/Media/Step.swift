/// What an encoder made of one stretch of one track. Computed once, however many windows overlap it.
package struct Step: Sendable {
  package var slot: Slot
  package var epoch: Int32
  package var interval: Interval
  /// Fraction of the interval that held real content, 0…1.
  package var valid: Float
  /// Unnormalised features.
  package var vector: [Float]
  /// What can be said of the signal whatever the encoder: sound, its mean power (full scale = 1);
  /// pictures, the variance of their luma (0…255, full range); text, 0.
  package var quality: Float
  /// Taken over from an earlier picture of the track.
  package var isReused: Bool

  package init(
    slot: Slot, epoch: Int32, interval: Interval, valid: Float, vector: [Float], quality: Float = 0,
    isReused: Bool = false
  ) {
    self.slot = slot
    self.epoch = epoch
    self.interval = interval
    self.valid = valid
    self.vector = vector
    self.quality = quality
    self.isReused = isReused
  }
}

/// What leaves Encode: steps, and the marks of the timeline in their order.
package enum Encoded: Sendable {
  case step(Step)
  /// A stretch whose content gave no step: its encoder had no answer.
  case lost(Slot, epoch: Int32, Interval)
  case mark(Mark)
}
