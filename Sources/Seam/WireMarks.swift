import Media

extension Mark: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    switch try wire.integer(UInt8.self) {
    case 0: self = .opened(try wire.read())
    case 1: self = .epoch(try wire.read())
    case 2: self = .covered(try wire.read())
    case 3: self = .shown(try wire.read())
    case 4: self = .cue(try wire.read())
    case 5: self = .reached(try wire.read(), try wire.read())
    case 6: self = .closed(epoch: try wire.integer(), end: try wire.read())
    case 7: self = .ended(try wire.read())
    case 9: self = .wall(try wire.read())
    case 8: self = .dropped(epoch: try wire.integer(), try wire.read())
    case let other: throw WireError("mark number \(other)")
    }
  }

  func write(to wire: inout WireWriter) {
    func put(_ number: UInt8, _ content: some Wired) {
      wire.integer(number)
      content.write(to: &wire)
    }
    switch self {
    case .opened(let info): put(0, info)
    case .epoch(let epoch): put(1, epoch)
    case .covered(let coverage): put(2, coverage)
    case .shown(let frame): put(3, frame)
    case .cue(let cue): put(4, cue)
    case .reached(let slot, let instant):
      put(5, slot)
      instant.write(to: &wire)
    case .closed(let epoch, let end):
      wire.integer(UInt8(6))
      wire.integer(epoch)
      end.write(to: &wire)
    case .ended(let outcome): put(7, outcome)
    case .wall(let time): put(9, time)
    case .dropped(let epoch, let interval):
      wire.integer(UInt8(8))
      wire.integer(epoch)
      interval.write(to: &wire)
    }
  }
}

extension Coverage: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      slot: try wire.read(), epoch: try wire.integer(), interval: try wire.read(), pts: try wire.optional(),
      timeBase: try wire.read(), halfWidth: try wire.read(), isInferred: try wire.read(),
      sampleLength: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    slot.write(to: &wire)
    wire.integer(epoch)
    interval.write(to: &wire)
    wire.optional(pts)
    timeBase.write(to: &wire)
    halfWidth.write(to: &wire)
    isInferred.write(to: &wire)
    sampleLength.write(to: &wire)
  }
}

extension ShownFrame: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      slot: try wire.read(), epoch: try wire.integer(), instant: try wire.read(), pts: try wire.optional(),
      timeBase: try wire.read(), start: try wire.read(), halfWidth: try wire.read(), isInferred: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    slot.write(to: &wire)
    wire.integer(epoch)
    instant.write(to: &wire)
    wire.optional(pts)
    timeBase.write(to: &wire)
    start.write(to: &wire)
    halfWidth.write(to: &wire)
    isInferred.write(to: &wire)
  }
}

extension Cue: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(slot: try wire.read(), epoch: try wire.integer(), interval: try wire.read(), text: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    slot.write(to: &wire)
    wire.integer(epoch)
    interval.write(to: &wire)
    text.write(to: &wire)
  }
}

extension Epoch: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      index: try wire.integer(), reason: try wire.read(), start: try wire.read(), originPTS: try wire.optional(),
      timeBase: try wire.read(), isLocked: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    wire.integer(index)
    reason.write(to: &wire)
    start.write(to: &wire)
    wire.optional(originPTS)
    timeBase.write(to: &wire)
    isLocked.write(to: &wire)
  }
}

extension WallTime.Basis: Wired {}

extension WallTime: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      epoch: try wire.integer(), zero: try wire.read(), arrivalZero: try wire.read(),
      uncertaintyMicroseconds: try wire.read(), basis: try wire.read(), driftPPM: try wire.optional())
    for moment in [zero, arrivalZero] where !WireReader.moments.contains(moment) {
      throw WireError("a wall clock at \(moment) µs")
    }
  }

  func write(to wire: inout WireWriter) {
    wire.integer(epoch)
    zero.write(to: &wire)
    arrivalZero.write(to: &wire)
    uncertaintyMicroseconds.write(to: &wire)
    basis.write(to: &wire)
    wire.optional(driftPPM)
  }
}

extension FrameTrace: Wired {
  init(from wire: inout WireReader) throws(WireError) {
    self.init(
      slot: try wire.read(), epoch: try wire.integer(), interval: try wire.read(), pts: try wire.optional(),
      isKey: try wire.read(), width: try wire.read(), height: try wire.read(), luma: try wire.read())
  }

  func write(to wire: inout WireWriter) {
    slot.write(to: &wire)
    wire.integer(epoch)
    interval.write(to: &wire)
    wire.optional(pts)
    isKey.write(to: &wire)
    width.write(to: &wire)
    height.write(to: &wire)
    luma.write(to: &wire)
  }
}
