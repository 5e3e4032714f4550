package import Media

/// One question: a picture, a stretch of sound or a text, and exactly where it stands.
package struct ExternalRequest: Sendable {
  package var header: Header
  /// Pictures: RGB, 8 bits each, row by row. Sound: mono, little-endian float32. Text: UTF-8.
  package var payload: [UInt8]

  package init(_ header: Header, payload: [UInt8]) {
    self.header = header
    self.payload = payload
  }

  /// Keys that are nil are left out.
  package struct Header: Encodable, Sendable {
    fileprivate var id: Int64 = 0
    /// How many requests follow this one even if none is answered before.
    fileprivate var more = 0
    fileprivate var bytes = 0
    package var source: String
    /// `video`, `video_2` …
    package var track: String
    package var epoch: Int32
    package var tNanoseconds: Int64
    package var durationNanoseconds: Int64
    package var pts: Int64?
    package var timeBase: String?
    package var width: Int?
    package var height: Int?
    package var rate: Int?
    /// Number of the payload's first sample on the epoch's grid; negative before its zero.
    package var firstSample: Int64?
    /// Fraction of the duration that is content, where that is not all.
    package var valid: Float?

    package init(source: String, slot: Slot, epoch: Int32, interval: Interval) {
      self.source = source
      track = slot.name
      self.epoch = epoch
      tNanoseconds = interval.start.sinceZero.nanoseconds
      durationNanoseconds = interval.end.sinceZero.nanoseconds - tNanoseconds
    }

    enum CodingKeys: String, CodingKey {
      case id, more, bytes, source, track, epoch, pts, width, height, rate, valid
      case tNanoseconds = "t_ns"
      case durationNanoseconds = "duration_ns"
      case timeBase = "time_base"
      case firstSample = "first_sample"
    }
  }

  /// As it goes over the pipe.
  func message(id: Int64, more: Int) -> [UInt8] {
    var header = header
    (header.id, header.more, header.bytes) = (id, more, payload.count)
    return Array(jsonLine(header).utf8) + [UInt8(ascii: "\n")] + payload
  }
}
