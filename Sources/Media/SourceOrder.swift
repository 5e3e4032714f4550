/// All that the left of the seam is told: which source, what is wanted of it, and what it may cost. Said once, before
/// its first item.
package struct SourceOrder: Hashable, Sendable {
  /// A path, `-` or a URL.
  package var name: String
  /// The name that its records carry.
  package var label: String
  package var selection: TrackSelection
  package var request: SourceRequest
  /// Threads of its picture decoders.
  package var threads: Int
  /// A file of cues beside it.
  package var subtitles: String?
  /// Decode every frame and tell what it is.
  package var tracesFrames: Bool

  package init(
    _ name: String, label: String, _ selection: TrackSelection, _ request: SourceRequest, threads: Int,
    subtitles: String? = nil, tracesFrames: Bool = false
  ) {
    self.name = name
    self.label = label
    self.selection = selection
    self.request = request
    self.threads = threads
    self.subtitles = subtitles
    self.tracesFrames = tracesFrames
  }
}
