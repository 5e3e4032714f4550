import Emit
package import Media

/// All that the HTTP door sees of the daemon. `picture`, `put` and `delete` may take a while, and so may a subscription
/// that is awaited; everything else returns promptly: it is called on threads that serve all clients. May be called
/// from any thread, several at a time.
package protocol DaemonFace: Sendable {
  /// Why the daemon should be restarted, a line each; empty when it is alive.
  func ailments() -> [String]
  /// Why no records are to be expected just now, a line each; empty when it is ready.
  func obstacles() -> [String]
  /// Each family once; the names beginning `tandem_http_` are the door's own.
  func metrics() -> [MetricFamily]
  /// In the order in which they shall be listed.
  func sources() -> [SourceReport]
  /// The picture that the source showed last; nil before the first. Throws `unknown`.
  func picture(of source: String) throws(FaceError) -> PictureFile?
  /// Adds a source, or replaces what is known of it, as `body` says. True when it is new.
  func put(source: String, _ body: [UInt8]) throws(FaceError) -> Bool
  func delete(source: String) throws(FaceError)
  /// Records of the sources of these names, all if empty, from a position on; without one, those yet to come.
  /// Throws `unknown` for a source, `invalid` for what is no position, `gone` for one that is kept no longer.
  func subscribe(sources: [String], from position: String?) throws(FaceError) -> any RecordSubscription
}

/// Why the daemon does not do what was asked, in one line for the client.
package enum FaceError: Error, Hashable, Sendable {
  case unknown(String)
  case invalid(String)
  /// It would contradict what is already there.
  case conflict(String)
  /// It was there once.
  case gone(String)
  case unavailable(String)
}

/// A picture as a file.
package struct PictureFile: Sendable {
  package enum Kind: String, Sendable {
    case png = "image/png"
    case jpeg = "image/jpeg"
  }

  package let kind: Kind
  package let bytes: [UInt8]

  package init(_ kind: Kind, _ bytes: [UInt8]) {
    self.kind = kind
    self.bytes = bytes
  }
}

/// What can be said of a source.
package struct SourceReport: Sendable {
  package var name: String
  /// Without credentials.
  package var url: String
  /// One word: `running`, `waiting` …
  package var state: String
  package var epoch: Int32?
  /// Given, lost, and how often the source was opened anew, since the daemon began.
  package var windows: Int64
  package var dropped: Int64
  package var reconnects: Int64
  package var lastError: String?
  /// Where its last record stands in the order of all.
  package var position: String?
  /// Sound against picture, as last measured.
  package var sync: Embedding.Sync?
  /// The sender's clock against ours, in millionths; nil where it is not known.
  package var driftPPM: Float?

  package init(
    name: String, url: String, state: String, epoch: Int32? = nil, windows: Int64 = 0, dropped: Int64 = 0,
    reconnects: Int64 = 0, lastError: String? = nil, position: String? = nil, sync: Embedding.Sync? = nil,
    driftPPM: Float? = nil
  ) {
    self.name = name
    self.url = url
    self.state = state
    self.epoch = epoch
    self.windows = windows
    self.dropped = dropped
    self.reconnects = reconnects
    self.lastError = lastError
    self.position = position
    self.sync = sync
    self.driftPPM = driftPPM
  }

  var json: JSON {
    .object([
      ("name", .text(name)), ("url", .text(url)), ("state", .text(state)),
      ("epoch", JSON(epoch) { .integer(Int64($0)) }), ("windows", .integer(windows)), ("dropped", .integer(dropped)),
      ("reconnects", .integer(reconnects)), ("last_error", JSON(lastError) { .text($0) }),
      ("position", JSON(position) { .text($0) }), ("sync_offset_ms", JSON(sync) { .number($0.offsetMilliseconds) }),
      ("sync_low_ms", JSON(sync) { .number($0.lowMilliseconds) }),
      ("sync_high_ms", JSON(sync) { .number($0.highMilliseconds) }),
      ("drift_ppm", JSON(driftPPM) { .number($0) }),
    ])
  }
}
