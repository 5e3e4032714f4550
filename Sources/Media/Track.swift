/// What a track speaks to: ear, eye or reader.
package enum Modality: String, Sendable, CaseIterable {
  case audio, video, text
}

/// One selected track: the `number`th (from 0) of its kind. Names its columns.
package struct Slot: Hashable, Sendable {
  package let modality: Modality
  package let number: Int

  package init(_ modality: Modality, _ number: Int = 0) {
    self.modality = modality
    self.number = number
  }

  /// `video`, `video_2`, `video_3` …: the column of its vector.
  package var name: String {
    number == 0 ? modality.rawValue : "\(modality.rawValue)_\(number + 1)"
  }
}

/// A track as the container describes it.
package struct TrackInfo: Hashable, Sendable {
  package var index: Int
  package var modality: Modality
  package var codec: String
  /// First native stamp, where the container tells it.
  package var startPTS: Int64?
  package var timeBase: Ratio
  package var language: String?
  package var isDefault: Bool
  package var sampleRate: Int?
  package var channels: Int?
  package var width: Int?
  package var height: Int?

  package init(
    index: Int, modality: Modality, codec: String, startPTS: Int64?, timeBase: Ratio, language: String? = nil,
    isDefault: Bool = false, sampleRate: Int? = nil, channels: Int? = nil, width: Int? = nil, height: Int? = nil
  ) {
    self.index = index
    self.modality = modality
    self.codec = codec
    self.startPTS = startPTS
    self.timeBase = timeBase
    self.language = language
    self.isDefault = isDefault
    self.sampleRate = sampleRate
    self.channels = channels
    self.width = width
    self.height = height
  }
}

/// What the right of the seam asks of the left: the one small control value that travels upstream.
package struct SourceRequest: Hashable, Sendable {
  /// Samples per second that the sound encoder wants.
  package var sampleRate: Int
  /// Pictures per second that the grid samples.
  package var pictureRate: Ratio
  /// How long a picture without a duration stays: one window.
  package var stillLength: TimeSpan
  /// Position in the source before which nothing is wanted but its time.
  package var start: TimeSpan
  /// Turn pictures as their EXIF says, beside what the container says.
  package var followsEXIF: Bool
  /// How the source is opened and watched if it is live.
  package var live: LiveOptions
  /// Where an earlier reading of the same source ended.
  package var continuation: Continuation?

  package init(
    sampleRate: Int, pictureRate: Ratio, stillLength: TimeSpan, start: TimeSpan = .zero, followsEXIF: Bool = false,
    live: LiveOptions = LiveOptions(), continuation: Continuation? = nil
  ) {
    self.start = start
    self.followsEXIF = followsEXIF
    self.live = live
    self.continuation = continuation
    self.sampleRate = sampleRate
    self.pictureRate = pictureRate
    self.stillLength = stillLength
  }
}
