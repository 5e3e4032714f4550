/// How a track's stamps are to be read: what the container, its muxer and its edit list say about them.
package struct TrackTiming: Hashable, Sendable {
  /// How far a stamp may lie from the truth.
  package enum Precision: Hashable, Sendable {
    /// The tick was chosen for this track: stamps on a common multiple of it are exact, others ± ½ tick.
    case chosenTick
    /// The tick is the container's, and the muxer rounds to the nearest.
    case rounded
    /// The tick is the container's; the muxer may also cut off.
    case cutOff
  }

  package var timeBase: Ratio
  package var precision: Precision
  /// Stamps are synthesised by the demuxer or absent.
  package var isInferred: Bool
  /// A single picture without a duration of its own, whatever the demuxer says.
  package var isStill = false
  /// The part of the stream's time that the edit list presents.
  package var presentedFrom: TimeSpan?
  package var presentedUntil: TimeSpan?
  /// The edit list itself is written in coarser ticks: that much more half-width.
  package var editHalfWidth: TimeSpan
  /// Repair of a known muxer fault, added to every stamp.
  package var shift: TimeSpan
  /// Bits after which stamps wrap; 64 when they do not.
  package var wrapBits: Int
  /// Frame interval that the container declares.
  package var nominalInterval: TimeSpan?
  /// Only the sender's reports relate it to the other tracks (RTP).
  package var needsReports = false
  /// A picture that declares to stay longer is not believed beyond this.
  package var longestPicture = TimeSpan(seconds: 60)

  package init(
    timeBase: Ratio, precision: Precision = .chosenTick, isInferred: Bool = false, presentedFrom: TimeSpan? = nil,
    presentedUntil: TimeSpan? = nil, editHalfWidth: TimeSpan = .zero, shift: TimeSpan = .zero, wrapBits: Int = 64,
    nominalInterval: TimeSpan? = nil
  ) {
    self.timeBase = timeBase
    self.precision = precision
    self.isInferred = isInferred
    self.presentedFrom = presentedFrom
    self.presentedUntil = presentedUntil
    self.editHalfWidth = editHalfWidth
    self.shift = shift
    self.wrapBits = wrapBits
    self.nominalInterval = nominalInterval
  }
}
