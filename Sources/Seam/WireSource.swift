import Media

extension SourceInfo: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      name: try wire.read(), container: try wire.read(), tracks: try wire.list(), slots: try wire.list(),
      declaredDuration: try wire.optional(), creationTime: try wire.optional(), isStreaming: try wire.read())
    if let creationTime, !WireReader.moments.contains(creationTime) {
      throw WireError("created at \(creationTime) µs")
    }
  }

  func write(to wire: inout WireWriter) {
    name.write(to: &wire)
    container.write(to: &wire)
    wire.list(tracks)
    wire.list(slots)
    wire.optional(declaredDuration)
    wire.optional(creationTime)
    isStreaming.write(to: &wire)
  }
}

extension TrackInfo: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      index: try wire.read(), modality: try wire.read(), codec: try wire.read(), startPTS: try wire.optional(),
      timeBase: try wire.read(), language: try wire.optional(), isDefault: try wire.read(),
      sampleRate: try wire.optional(), channels: try wire.optional(), width: try wire.optional(),
      height: try wire.optional())
  }

  func write(to wire: inout WireWriter) {
    index.write(to: &wire)
    modality.write(to: &wire)
    codec.write(to: &wire)
    wire.optional(startPTS)
    timeBase.write(to: &wire)
    wire.optional(language)
    isDefault.write(to: &wire)
    for number in [sampleRate, channels, width, height] { wire.optional(number) }
  }
}

extension SourceOutcome: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      name: try wire.read(), ending: try wire.read(), counters: try wire.read(), fault: try wire.optional())
  }

  func write(to wire: inout WireWriter) {
    name.write(to: &wire)
    ending.write(to: &wire)
    counters.write(to: &wire)
    wire.optional(fault)
  }
}

extension SourceFault: Wired {}

extension SourceOutcome.Ending: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    switch try wire.integer(UInt8.self) {
    case 0: self = .complete
    case 1: self = .truncated(try wire.words())
    case 2: self = .failed(try wire.words(), exitCode: try wire.integer())
    case let other: throw WireError("ending number \(other)")
    }
  }

  func write(to wire: inout WireWriter) {
    switch self {
    case .complete: wire.integer(UInt8(0))
    case .truncated(let reason):
      wire.integer(UInt8(1))
      reason.write(to: &wire)
    case .failed(let reason, let exitCode):
      wire.integer(UInt8(2))
      reason.write(to: &wire)
      wire.integer(exitCode)
    }
  }
}

extension Counters: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init()
    for _ in 0..<(try wire.count()) {
      let (name, count): (String, Int64) = (try wire.read(), try wire.read())
      guard (0...1 << 60).contains(count), self[name] == 0 else { throw WireError("\(name) counted \(count)") }
      add(name, count)
    }
  }

  func write(to wire: inout WireWriter) {
    wire.list(values.sorted { $0.key < $1.key }) {
      $1.key.write(to: &$0)
      $1.value.write(to: &$0)
    }
  }
}
