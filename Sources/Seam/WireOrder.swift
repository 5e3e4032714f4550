import Media

extension SourceOrder: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      try wire.read(), label: try wire.read(), try wire.read(), try wire.read(), threads: try wire.read(),
      subtitles: try wire.optional(), tracesFrames: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    name.write(to: &wire)
    label.write(to: &wire)
    selection.write(to: &wire)
    request.write(to: &wire)
    threads.write(to: &wire)
    wire.optional(subtitles)
    tracesFrames.write(to: &wire)
  }
}

extension TrackSelection: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    let text = try wire.read(String.self)
    guard let selection = TrackSelection(text) else { throw WireError("tracks \(text)") }
    self = selection
  }

  func write(to wire: inout WireWriter) { entries.map(\.description).joined(separator: ",").write(to: &wire) }
}

extension SourceRequest: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      sampleRate: try wire.read(), pictureRate: try wire.read(), stillLength: try wire.read(), start: try wire.read(),
      followsEXIF: try wire.read(), live: try wire.read(), continuation: try wire.optional())
  }

  func write(to wire: inout WireWriter) {
    sampleRate.write(to: &wire)
    pictureRate.write(to: &wire)
    stillLength.write(to: &wire)
    start.write(to: &wire)
    followsEXIF.write(to: &wire)
    live.write(to: &wire)
    wire.optional(continuation)
  }
}

extension LiveOptions.Transport: Wired {}

extension LiveOptions: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      transport: try wire.read(), listens: try wire.read(), isSessionDescription: try wire.read(),
      openingWait: try wire.read(), silenceWait: try wire.read(), packetWait: try wire.read(),
      stallWait: try wire.read(), jitterWait: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    transport.write(to: &wire)
    listens.write(to: &wire)
    isSessionDescription.write(to: &wire)
    for wait in [openingWait, silenceWait, packetWait, stallWait, jitterWait] { wait.write(to: &wire) }
  }
}

extension Continuation: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(epoch: try wire.integer(), position: try wire.read(), wall: try wire.optional())
  }

  func write(to wire: inout WireWriter) {
    wire.integer(epoch)
    position.write(to: &wire)
    wire.optional(wall)
  }
}

extension SourceError: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    switch try wire.integer(UInt8.self) {
    case 0: self = .unreadable(try wire.words())
    case 1: self = .undecodable(try wire.words())
    case 2: self = .inputOutput(try wire.words())
    case 3: self = .unavailable(try wire.words())
    case 4: self = .timedOut(try wire.words())
    case 5: self = .interrupted
    case 6: self = .decoderEnded(try wire.words())
    case let other: throw WireError("error number \(other)")
    }
  }

  func write(to wire: inout WireWriter) {
    let number: UInt8 =
      switch self {
      case .unreadable: 0
      case .undecodable: 1
      case .inputOutput: 2
      case .unavailable: 3
      case .timedOut: 4
      case .interrupted: 5
      case .decoderEnded: 6
      }
    wire.integer(number)
    if self != .interrupted { description.write(to: &wire) }
  }
}
