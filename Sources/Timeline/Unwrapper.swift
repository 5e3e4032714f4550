/// Straightens stamps that wrap (33 bits in MPEG-TS: every 26.5 h): each is taken as the nearest to the last
/// good one modulo 2ⁿ. A far stamp becomes the last good one only when a second agrees, so that one flipped bit
/// cannot turn the sheet over.
struct Unwrapper: Sendable {
  private let bits: Int
  private var lastGood: Int64?
  private var candidate: Int64?

  init(bits: Int) { self.bits = bits }

  /// Straightens the stamp that a packet is known by.
  mutating func unwrap(_ raw: Int64) -> Int64 {
    guard bits < 63 else { return raw }
    guard let last = lastGood else {
      lastGood = raw
      return raw
    }
    let value = nearest(raw, to: last)
    let far = Int64(1) << (bits - 4)
    let agrees = candidate.map { abs(value - $0) < far } ?? false
    if abs(value - last) < far || agrees {
      lastGood = value
      candidate = nil
    } else {
      candidate = value
    }
    return value
  }

  /// Straightens a packet's other stamp, which teaches nothing.
  func straighten(_ raw: Int64) -> Int64 { bits < 63 && lastGood != nil ? nearest(raw, to: lastGood!) : raw }

  /// Begins at a stamp of another track of the same clock, so that both stand on the same side of a wrap.
  mutating func begin(near other: Unwrapper) {
    if lastGood == nil, bits == other.bits { lastGood = other.lastGood }
  }

  /// The stamp as it stands in the source.
  func raw(_ value: Int64) -> Int64 { bits < 63 ? value & (Int64(1) << bits - 1) : value }

  private func nearest(_ raw: Int64, to reference: Int64) -> Int64 {
    let modulus = Int64(1) << bits
    let delta = (raw - reference) & (modulus - 1)
    return reference + (delta < modulus / 2 ? delta : delta - modulus)
  }
}
