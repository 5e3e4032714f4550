/// One decoded frame as `inspect --frames` lists it.
package struct FrameTrace: Hashable, Sendable {
  package var slot: Slot
  package var epoch: Int32
  package var interval: Interval
  package var pts: Int64?
  package var isKey: Bool
  /// As coded.
  package var width: Int
  package var height: Int
  /// The mean of Y at full range, 0…255.
  package var luma: Double

  package init(
    slot: Slot, epoch: Int32, interval: Interval, pts: Int64?, isKey: Bool, width: Int, height: Int, luma: Double
  ) {
    self.slot = slot
    self.epoch = epoch
    self.interval = interval
    self.pts = pts
    self.isKey = isKey
    self.width = width
    self.height = height
    self.luma = luma
  }
}
